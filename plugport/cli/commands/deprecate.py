"""`plugport deprecate`: tell users of a release to move on."""

from __future__ import annotations

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.marking import mark_release
from plugport.cli.session import Session


@plugport_command(
    "deprecate",
    examples=(
        'plugport deprecate my-plugin@1.0.0 --message "use 2.0.0"',
        'plugport deprecate my-plugin@1.0.0 -m "moved" --replacement @ada/other',
        "plugport deprecate my-plugin@1.0.0 --undo",
    ),
)
@click.argument("release", metavar="NAME@VERSION")
@click.option("-m", "--message", metavar="TEXT", help="What users should do instead.")
@click.option("--replacement", metavar="NAME", help="The plugin to use instead.")
@click.option("--undo", is_flag=True, help="Take the deprecation back.")
@click.pass_obj
def command(
    session: Session, release: str, message: str | None, replacement: str | None, undo: bool
) -> None:
    """Tell users of a release to move on; it stays installable, with the message.

    New installations by range pass it over while there is another release.
    """
    if undo and (message is not None or replacement is not None):
        raise click.UsageError("--undo takes no --message and no --replacement")
    if not undo and not (message or "").strip():
        raise click.UsageError("--message is missing: say what users should do instead")
    if undo:
        mark_release(session, release, "undeprecate", {})
        return
    instead = {"replacement": replacement} if replacement is not None else {}
    mark_release(session, release, "deprecate", {"message": message or "", **instead})
