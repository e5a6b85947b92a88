"""`plugport yank`: keep a release out of new installations."""

from __future__ import annotations

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.marking import mark_release
from plugport.cli.session import Session


@plugport_command(
    "yank",
    examples=(
        'plugport yank my-plugin@1.0.0 --reason "loses messages"',
        "plugport yank my-plugin@1.0.0 --undo",
    ),
)
@click.argument("release", metavar="NAME@VERSION")
@click.option("--reason", metavar="TEXT", help="Why, for those who use it.")
@click.option("--undo", is_flag=True, help="Take it back.")
@click.pass_obj
def command(session: Session, release: str, reason: str | None, undo: bool) -> None:
    """Keep a release out of new installations.

    Whoever asks for exactly this version, such as a lockfile, still gets it, with a warning.
    """
    if undo and reason is not None:
        raise click.UsageError("--undo takes no --reason")
    document = {"reason": reason} if reason is not None else {}
    mark_release(session, release, "unyank" if undo else "yank", document)
