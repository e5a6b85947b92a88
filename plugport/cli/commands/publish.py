"""`plugport publish`: check, pack, upload, and wait for the registry's verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.session import Session

if TYPE_CHECKING:
    from plugport.client import PublishStatus, RegistryClient
    from plugport.spec.manifest.model import Manifest


@plugport_command(
    "publish",
    examples=(
        "plugport publish",
        "plugport publish ./my-plugin --tag beta",
        "plugport publish my-plugin-1.0.0.tgz --no-wait --json",
    ),
)
@click.argument("path", default=".", metavar="[PATH]")
@click.option("--tag", metavar="NAME", help="Set this dist-tag; latest is set by the registry.")
@click.option("--changelog", metavar="TEXT", help="What is new in this release.")
@click.option("--wait/--no-wait", default=True, help="Wait for the checks; this is the default.")
@click.option(
    "--timeout",
    type=click.IntRange(1, 86_400),
    default=300,
    metavar="SECONDS",
    help="How long to wait for the checks.",
)
@click.option("--no-verify", is_flag=True, help="Do not run the checks here first.")
@click.pass_obj
def command(
    session: Session,
    path: str,
    tag: str | None,
    changelog: str | None,
    wait: bool,
    timeout: int,
    no_verify: bool,
) -> None:
    """Publish a plugin's folder or package and wait for the registry's checks.

    A folder is packed first. Publishing the same bytes again is no error, so a publish that was
    cut can simply be repeated.
    """
    from plugport.cli.packing import open_package, read_package_manifest
    from plugport.cli.verdicts import report_verdict, wait_for_verdict

    with open_package(Path(path)) as package:
        # Even unverified it must be known what is sent, to name it in messages.
        manifest = read_package_manifest(package) if no_verify else _check_first(session, package)
        session.output.note(f"publishing {manifest.name}@{manifest.version} to {session.registry}")
        with session.open_client() as client:
            status = _send(session, client, package, manifest, tag=tag, changelog=changelog)
            if wait:
                status = wait_for_verdict(session, client, status, timeout)
    report_verdict(session, status, f"{manifest.name}@{manifest.version}", is_waited=wait)


def _check_first(session: Session, package: Path) -> Manifest:
    """Run the checks here, so that a fault costs no upload. Raises `ValidationFailedError`."""
    from plugport.cli.packing import ValidationFailedError, run_checks, show_check

    run = run_checks(package)
    if run.count_errors:
        for check in run.as_dict()["checks"]:
            if check["state"] == "failed":
                show_check(session.output, check["title"], check["state"], check["findings"])
        raise ValidationFailedError(
            "the checks that the registry would run fail; nothing was sent",
            hint="`plugport validate` shows all findings; --no-verify sends it all the same.",
        )
    return run.subject.manifest


def _send(
    session: Session,
    client: RegistryClient,
    package: Path,
    manifest: Manifest,
    *,
    tag: str | None,
    changelog: str | None,
) -> PublishStatus:
    from plugport.cli.packing import name_package
    from plugport.client import Upload

    with package.open("rb") as file:
        size_bytes = file.seek(0, 2)
        file.seek(0)
        upload = Upload(file, name_package(manifest), size_bytes, tag=tag, changelog=changelog)
        return client.publish(upload, session.make_progress())
