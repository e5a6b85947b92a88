"""`plugport logout`: forget the stored token."""

from __future__ import annotations

import click

from plugport.cli.environment import TOKEN, find_variable
from plugport.cli.lazy import plugport_command
from plugport.cli.session import Session


@plugport_command("logout", examples=("plugport logout",))
@click.pass_obj
def command(session: Session) -> None:
    """Forget the token stored for the registry.

    The token itself stays valid until it expires or is revoked on your account page.
    """
    registry = session.registry
    was_stored = session.credentials.forget(registry)
    session.output.show_json({"registry": str(registry), "loggedOut": was_stored})
    if was_stored:
        session.output.show(f"logged out of {registry}")
        session.output.note("the token stays valid; revoke it on your account page if it leaked")
    else:
        session.output.show(f"no token was stored for {registry}")
    if find_variable(TOKEN) is not None:
        session.output.warn(f"{TOKEN} is still set and will be used")
