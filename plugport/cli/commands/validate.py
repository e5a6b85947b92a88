"""`plugport validate`: run the registry's checks on this machine."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.cli.terminal.completions import FILE_PATH

if TYPE_CHECKING:
    from plugport.checks.base import Finding
    from plugport.client import RegistryClient
    from plugport.spec.manifest.model import Manifest
    from plugport.spec.names import PluginName

_MAX_DEPENDENCIES = 50


@plugport_command(
    "validate",
    examples=(
        "plugport validate",
        "plugport validate ./my-plugin",
        "plugport validate my-plugin-1.0.0.tgz --json",
        "plugport validate --with-registry",
    ),
)
@click.argument("path", default=".", metavar="[PATH]", type=FILE_PATH)
@click.option(
    "--with-registry",
    is_flag=True,
    help="Also ask the registry which dependencies some users of the plugin cannot see.",
)
@click.pass_obj
def command(session: Session, path: str, with_registry: bool) -> None:
    """Run the registry's checks on this machine, without a connection.

    PATH is a plugin folder or a package; the default is the current folder. The registry rejects a
    release with errors. It accepts warnings and notes, but holds a release for a moderator if a
    finding needs a review.
    """
    from plugport.cli.errors import ValidationFailedError
    from plugport.cli.packages import open_package
    from plugport.cli.validation import print_check, run_checks, warn_of_hidden_dependencies
    from plugport.spec.errors import PlugportError

    with open_package(Path(path)) as package:
        run = run_checks(package)
    manifest = run.subject.manifest
    document = run.as_dict()
    hidden: list[str] = []
    unavailable: PlugportError | None = None
    if with_registry:
        try:
            hidden = document["hiddenDependencies"] = _list_hidden_dependencies(session, manifest)
        except PlugportError as error:
            # After the findings of this machine, which need no registry.
            unavailable, document["hiddenDependencies"] = error, None
    # Before the error: scripts need the findings of a failed validation.
    session.output.print_json(document)
    session.output.print_line(f"{manifest.name}@{manifest.version} ({manifest.dialect})")
    for check in document["checks"]:
        print_check(session.output, check["title"], check["state"], check["findings"])
    warn_of_hidden_dependencies(session.output, f"{manifest.name}@{manifest.version}", hidden)
    if run.error_count:
        raise ValidationFailedError(
            f"`{manifest.name}@{manifest.version}` has {run.error_count} "
            f"{'error' if run.error_count == 1 else 'errors'}",
            hint=f"Fix the errors above, then run `{session.format_rerun()}` again.",
        )
    if unavailable is not None:
        raise unavailable
    session.output.print_line(_format_verdict(run.review_findings))


def _list_hidden_dependencies(session: Session, manifest: Manifest) -> list[str]:
    """The dependencies that some users of the plugin cannot see, of those that the account can see."""
    from plugport.spec.api.values import VISIBILITIES
    from plugport.spec.errors import MissingError
    from plugport.spec.names import PluginName

    needed_names = sorted(manifest.dependencies.plugins)
    # Each is a request.
    names = needed_names[:_MAX_DEPENDENCIES]
    if len(names) < len(needed_names):
        session.output.warn(
            f"only the first {len(names)} of {len(needed_names)} plugins that it needs were looked up"
        )
    hidden: list[str] = []
    if not names:
        return hidden
    with session.open_client() as client:
        width = VISIBILITIES.index(_find_visibility(client, manifest.name))
        for name in names:
            # Unknown, or for others only: the registry does not say which.
            with contextlib.suppress(MissingError):
                needed = client.get_plugin(PluginName.parse(name)).data["visibility"]
                # Registries without visibilities say nothing.
                if needed in VISIBILITIES[width + 1 :]:
                    hidden.append(name)
    return hidden


def _find_visibility(client: RegistryClient, name: PluginName) -> str:
    """That of the plugin; before its first release, of its scope; public if neither says it."""
    from plugport.spec.api.values import VISIBILITIES
    from plugport.spec.errors import DeniedError, MissingError

    found = ""
    try:
        found = client.get_plugin(name).data["visibility"]
    except MissingError:
        # Only owners of a scope may ask for it.
        with contextlib.suppress(MissingError, DeniedError):
            found = client.get_scope_visibility(name.scope)["visibility"] if name.scope else ""
    return found if found in VISIBILITIES else VISIBILITIES[0]


def _format_verdict(reviewed: list[Finding]) -> str:
    if not reviewed:
        return "valid: all checks passed"
    more = f" (and {len(reviewed) - 1} more)" if len(reviewed) > 1 else ""
    return (
        "valid, but the registry holds the release until a moderator has reviewed it:"
        f" {reviewed[0].message} [{reviewed[0].rule}]{more}"
    )
