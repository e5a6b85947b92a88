"""`plugport whoami`: whose token is used."""

from __future__ import annotations

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.session import Session
from plugport.spec.errors import DeniedError


class NotLoggedInError(DeniedError):
    """There is no token for the registry."""

    code, title = "not-logged-in", "Not logged in"


@plugport_command("whoami", examples=("plugport whoami", "plugport whoami --json"))
@click.pass_obj
def command(session: Session) -> None:
    """Show whose token is used for the registry, and where it comes from."""
    registry = session.registry
    found = session.find_token()
    if found is None:
        raise NotLoggedInError(
            f"no token for `{registry}`",
            hint="`plugport login` stores one; PLUGPORT_TOKEN gives one for a single run.",
        )
    with session.open_client_as(found.token) as client:
        account = client.get_account()
    session.output.show_json(
        {
            "username": account.username,
            "registry": str(registry),
            "tokenFrom": found.place,
            "account": account.document,
        }
    )
    session.output.show(account.username)
    session.output.note(f"on {registry}, with the token from the {found.place}")
