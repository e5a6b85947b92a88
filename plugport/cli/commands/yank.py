"""`plugport yank`: hide a release from new installations."""

from __future__ import annotations

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.flags import mark_release
from plugport.cli.session import Session


@plugport_command(
    "yank",
    examples=(
        'plugport yank my-plugin@1.0.0 --reason "loses messages"',
        "plugport yank my-plugin@1.0.0 --undo",
    ),
)
@click.argument("release", metavar="NAME@VERSION")
@click.option("--reason", metavar="TEXT", help="Reason, shown to users of the release.")
@click.option("--undo", is_flag=True, help="Make the release available again.")
@click.pass_obj
def command(session: Session, release: str, reason: str | None, undo: bool) -> None:
    """Hide a release from new installations.

    Ranges and dist-tags skip it. A request for exactly this version, as from a lockfile, still
    installs it, with a warning.
    """
    if undo and reason is not None:
        raise click.UsageError("--undo cannot be used with --reason")
    document = {"reason": reason} if reason is not None else {}
    mark_release(session, release, "unyank" if undo else "yank", document)
