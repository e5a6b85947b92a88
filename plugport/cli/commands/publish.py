"""`plugport publish`: check, pack and upload a plugin, and wait for the registry's verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.cli.terminal.completions import FILE_PATH

if TYPE_CHECKING:
    from plugport.client import PublishStatus, RegistryClient
    from plugport.spec.manifest.model import Manifest
    from plugport.spec.names import PluginName


@plugport_command(
    "publish",
    examples=(
        "plugport publish",
        "plugport publish ./my-plugin --tag beta",
        "plugport publish --visibility private",
        "plugport publish my-plugin-1.0.0.tgz --no-wait --json",
        "plugport publish --stage",
    ),
)
@click.argument("path", default=".", metavar="[PATH]", type=FILE_PATH)
@click.option("--tag", metavar="NAME", help="Set this dist-tag. The registry sets `latest` itself.")
@click.option("--changelog", metavar="TEXT", help="Changelog entry of this release.")
@click.option(
    "--visibility",
    type=click.Choice(["public", "internal", "private"]),
    help="Who may see a new plugin. The default is the visibility of its scope.",
)
@click.option(
    "--wait/--no-wait", default=True, show_default=True, help="Wait for the registry's checks."
)
@click.option(
    "--timeout",
    type=click.IntRange(1, 86_400),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait.",
)
@click.option(
    "--no-verify", is_flag=True, help="Upload without running the checks on this machine."
)
@click.option(
    "--stage", is_flag=True, help="Let the release wait until an owner or maintainer approves it."
)
@click.pass_obj
def command(
    session: Session,
    path: str,
    tag: str | None,
    changelog: str | None,
    visibility: str | None,
    wait: bool,
    timeout: int,
    no_verify: bool,
    stage: bool,
) -> None:
    """Publish a plugin folder or package, and wait for the registry's checks.

    A folder is packed first. Publishing an identical package again succeeds, so after a network
    error you can run the same command again.

    In GitHub Actions, GitLab CI/CD and other CI systems, no token is needed if the job is a trusted
    publisher of the plugin.
    """
    from plugport.cli.packages import load_package_manifest, open_package
    from plugport.cli.publish_status import report_verdict, wait_for_verdict

    with open_package(Path(path)) as package:
        # Without the checks too, the manifest is needed for messages and the file name.
        manifest = (
            load_package_manifest(package)
            if no_verify
            else _load_checked_manifest(session, package)
        )
        session.output.note(f"publishing {manifest.name}@{manifest.version} to {session.registry}")
        with _open_publishing_client(session, manifest.name) as client:
            status = _upload_package(
                session,
                client,
                package,
                manifest,
                tag=tag,
                changelog=changelog,
                visibility=visibility,
                stage=stage,
            )
            if wait:
                status = wait_for_verdict(session, client, status, timeout)
    report_verdict(session, status, f"{manifest.name}@{manifest.version}", is_waited=wait)


def _open_publishing_client(session: Session, name: PluginName) -> RegistryClient:
    """A client that may publish the plugin.

    With the token of the user if there is one, else with one that the registry gives this CI job, else
    without any. Raises `IdentityTokenError`, and what the registry reports about the identity token.
    """
    from plugport.environment.variables import GITHUB_ACTIONS, find_variable

    resolved = session.find_token()
    if resolved is not None:
        return session.open_client_as(resolved.token)
    # Imported here: people publish with a token of their own.
    from plugport.client.identity_tokens import find_identity_token

    identity_token = find_identity_token(session.registry, session.output.hide)
    if identity_token is None:
        if find_variable(GITHUB_ACTIONS) == "true":
            session.output.note(
                "this job has no token and may not request one; for trusted publishing, add"
                " `permissions: id-token: write` to it"
            )
        return session.open_client_as(None)
    with session.open_client_as(None) as client:
        token = client.mint_token(identity_token, name)
    session.output.hide(token.reveal())
    session.output.note("publishing as a trusted publisher, with a token for 15 minutes")
    return session.open_client_as(token)


def _load_checked_manifest(session: Session, package: Path) -> Manifest:
    """Run the checks before the upload. Raises `ValidationFailedError`."""
    from plugport.cli.errors import ValidationFailedError
    from plugport.cli.validation import print_check, run_checks

    run = run_checks(package)
    # Warnings are not printed here: the registry's checks report them again.
    if run.error_count:
        for check in run.as_dict()["checks"]:
            if check["state"] == "failed":
                print_check(session.output, check["title"], check["state"], check["findings"])
        raise ValidationFailedError(
            "the registry would reject this package; nothing was uploaded",
            hint="Fix the errors above, or upload it anyway: "
            f"`{session.format_rerun('--no-verify')}`.",
        )
    return run.subject.manifest


def _upload_package(
    session: Session,
    client: RegistryClient,
    package: Path,
    manifest: Manifest,
    *,
    tag: str | None,
    changelog: str | None,
    visibility: str | None,
    stage: bool,
) -> PublishStatus:
    from plugport.cli.packages import build_package_filename
    from plugport.client import Upload

    with package.open("rb") as file:
        # The server requires Content-Length, so that it can reject a large body before it is sent.
        size_bytes = file.seek(0, 2)
        file.seek(0)
        upload = Upload(
            file,
            build_package_filename(manifest),
            size_bytes,
            tag=tag,
            changelog=changelog,
            visibility=visibility,
            stage=stage,
        )
        return client.publish(upload, session.build_progress())
