"""`plugport deprecate`: mark a release as deprecated."""

from __future__ import annotations

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.flags import mark_release
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
@click.option(
    "-m", "--message", metavar="TEXT", help="What users should do instead. Required without --undo."
)
@click.option("--replacement", metavar="NAME", help="Plugin to use instead.")
@click.option("--undo", is_flag=True, help="Remove the deprecation.")
@click.pass_obj
def command(
    session: Session, release: str, message: str | None, replacement: str | None, undo: bool
) -> None:
    """Mark a release as deprecated.

    The release can still be installed, with a warning that has the message. Version ranges prefer
    other releases.
    """
    if undo and (message is not None or replacement is not None):
        raise click.UsageError("--undo cannot be used with --message or --replacement")
    # Checked here too: the registry rejects an empty message, but only after a request.
    if not undo and not (message or "").strip():
        raise click.UsageError("--message is required: tell users what to do instead")
    if undo:
        mark_release(session, release, "undeprecate", {})
        return
    instead = {"replacement": replacement} if replacement is not None else {}
    mark_release(session, release, "deprecate", {"message": message or "", **instead})
