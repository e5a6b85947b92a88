"""`plugport validate`: run the registry's checks on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.cli.terminal.completions import FILE_PATH

if TYPE_CHECKING:
    from plugport.checks.base import Finding


@plugport_command(
    "validate",
    examples=(
        "plugport validate",
        "plugport validate ./my-plugin",
        "plugport validate my-plugin-1.0.0.tgz --json",
    ),
)
@click.argument("path", default=".", metavar="[PATH]", type=FILE_PATH)
@click.pass_obj
def command(session: Session, path: str) -> None:
    """Run the registry's checks on this machine, without a connection.

    PATH is a plugin folder or a package; the default is the current folder. The registry rejects a
    release with errors. It accepts warnings and notes, but holds a release for a moderator if a
    finding needs a review.
    """
    from plugport.cli.errors import ValidationFailedError
    from plugport.cli.packages import open_package
    from plugport.cli.validation import print_check, run_checks

    with open_package(Path(path)) as package:
        run = run_checks(package)
    manifest = run.subject.manifest
    document = run.as_dict()
    # Before the error: scripts need the findings of a failed validation.
    session.output.print_json(document)
    session.output.print_line(f"{manifest.name}@{manifest.version} ({manifest.dialect})")
    for check in document["checks"]:
        print_check(session.output, check["title"], check["state"], check["findings"])
    if run.error_count:
        raise ValidationFailedError(
            f"`{manifest.name}@{manifest.version}` has {run.error_count} "
            f"{'error' if run.error_count == 1 else 'errors'}",
            hint=f"Fix the errors above, then run `{session.format_rerun()}` again.",
        )
    session.output.print_line(_format_verdict(run.review_findings))


def _format_verdict(reviewed: list[Finding]) -> str:
    if not reviewed:
        return "valid: all checks passed"
    more = f" (and {len(reviewed) - 1} more)" if len(reviewed) > 1 else ""
    return (
        "valid, but the registry holds the release until a moderator has reviewed it:"
        f" {reviewed[0].message} [{reviewed[0].rule}]{more}"
    )
