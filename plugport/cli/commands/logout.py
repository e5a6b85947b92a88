"""`plugport logout`: revoke and delete the stored token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.environment.variables import TOKEN, find_variable

if TYPE_CHECKING:
    from plugport.client.tokens import Token


@plugport_command("logout", examples=("plugport logout", "plugport logout --keep-token"))
@click.option("--keep-token", is_flag=True, help="Only delete it here; it stays valid.")
@click.pass_obj
def command(session: Session, keep_token: bool) -> None:
    """Log out of the registry: revoke the stored token, and delete it.

    Tokens that you created with it stay valid. If the registry cannot be reached, the token is deleted
    and a warning says that it is still valid.
    """
    registry = session.registry
    stored = session.credentials.find(registry)
    is_revoked = False
    if stored is not None:
        session.output.hide(stored.token.reveal())
        is_revoked = not keep_token and _revoke(session, stored.token)
    was_stored = session.credentials.delete(registry)
    session.output.print_json(
        {"registry": str(registry), "loggedOut": was_stored, "revoked": is_revoked}
    )
    if not was_stored:
        session.output.print_line(f"not logged in to {registry}")
    else:
        session.output.print_line(f"logged out of {registry}")
        if keep_token:
            session.output.note("the token is still valid; you can revoke it on your account page")
    if find_variable(TOKEN) is not None:
        session.output.warn(f"{TOKEN} is still set and is used as the token")


def _revoke(session: Session, token: Token) -> bool:
    """Revoke the token; warns and returns False if that is not possible."""
    from plugport.spec.errors import DeniedError, PlugportError

    try:
        with session.open_client_as(token) as client:
            client.revoke_current_token()
    except DeniedError:
        # It is revoked or expired already.
        return True
    except PlugportError as error:
        session.output.warn(
            f"the token could not be revoked ({error.detail.rstrip('.')}) and may still be valid; revoke"
            " it on your account page"
        )
        return False
    return True
