"""`plugport login`: store a token for the registry."""

from __future__ import annotations

import sys

import click

from plugport.cli.environment import TOKEN, find_variable
from plugport.cli.lazy import plugport_command
from plugport.cli.session import Session

_STDIN_CHARS = 8192


@plugport_command(
    "login",
    examples=(
        "plugport login",
        "plugport login --registry https://plugins.example.org",
        "plugport login --token-stdin",
    ),
)
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
@click.pass_obj
def command(session: Session, token_stdin: bool) -> None:
    """Store a token for the registry, after asking the registry whose it is.

    The token comes from your account page. It is kept in the system's keyring, or, where there is
    none, in a file under PLUGPORT_HOME that only you can read.
    """
    from plugport.client.tokens import Token

    token = Token.parse(_read_token(token_stdin))
    session.output.hide(token.reveal())
    registry = session.registry
    # Asked first: a token that does not work is not worth keeping.
    with session.open_client_as(token) as client:
        account = client.get_account()
    credentials = session.credentials
    place = credentials.save(registry, token)
    if place == "file":
        session.output.note(
            f"there is no keyring here; the token is in `{credentials.file}`, "
            "which only you can read"
        )
    if find_variable(TOKEN) is not None:
        session.output.warn(f"{TOKEN} is set and goes before the stored token")
    session.output.show_json(
        {"username": account.username, "registry": str(registry), "storedIn": place}
    )
    session.output.show(f"logged in to {registry} as {account.username}")


def _read_token(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.read(_STDIN_CHARS)
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask for the token; use --token-stdin")
    return str(click.prompt("token", hide_input=True, err=True))
