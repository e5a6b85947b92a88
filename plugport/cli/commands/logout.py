"""`plugport logout`: delete the stored token."""

from __future__ import annotations

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.environment.variables import TOKEN, find_variable


@plugport_command("logout", examples=("plugport logout",))
@click.pass_obj
def command(session: Session) -> None:
    """Log out of the registry: delete the stored token.

    The token stays valid until it expires or you revoke it on your account page.
    """
    registry = session.registry
    was_stored = session.credentials.delete(registry)
    session.output.print_json({"registry": str(registry), "loggedOut": was_stored})
    if was_stored:
        session.output.print_line(f"logged out of {registry}")
        session.output.note("the token is still valid; you can revoke it on your account page")
    else:
        session.output.print_line(f"not logged in to {registry}")
    if find_variable(TOKEN) is not None:
        session.output.warn(f"{TOKEN} is still set and is used as the token")
