"""`plugport whoami`: show the current user."""

from __future__ import annotations

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.errors import NotLoggedInError
from plugport.cli.session import Session


@plugport_command("whoami", examples=("plugport whoami", "plugport whoami --json"))
@click.pass_obj
def command(session: Session) -> None:
    """Show the user of the token, and where the token is stored."""
    registry = session.registry
    resolved = session.find_token()
    if resolved is None:
        raise NotLoggedInError(
            f"not logged in to `{registry}`",
            hint="Run `plugport login`, or set PLUGPORT_TOKEN.",
        )
    # A request, because a stored token may have expired or been revoked.
    with session.open_client_as(resolved.token) as client:
        account = client.get_account()
    session.output.print_json(
        {
            "username": account.data["username"],
            "registry": str(registry),
            "tokenFrom": resolved.source,
            "account": account.document,
        }
    )
    session.output.print_line(account.data["username"])
    session.output.note(f"at {registry}, with the token from the {resolved.source}")
