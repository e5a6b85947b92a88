"""`plugport login`: log in to the registry with a token."""

from __future__ import annotations

import sys

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.environment.variables import TOKEN, find_variable

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
    """Log in to the registry with a token.

    Create the token on your account page. It is verified with the registry, then stored in the
    system's keyring, or without one in a file in PLUGPORT_HOME that only you can read.
    """
    from plugport.client.tokens import Token

    # Never as an argument: other users can see the command lines of processes (CWE-214).
    token = Token.parse(_get_token(token_stdin))
    session.output.hide(token.reveal())
    registry = session.registry
    # Before it is stored, so that a wrong token does not replace a working one.
    with session.open_client_as(token) as client:
        account = client.get_account()
    credentials = session.credentials
    stored_in = credentials.save(registry, token)
    if stored_in == "file":
        session.output.note(
            f"no keyring is available; the token is stored in `{credentials.file}`, "
            "which only you can read"
        )
    if find_variable(TOKEN) is not None:
        session.output.warn(f"{TOKEN} is set and overrides the stored token")
    session.output.print_json(
        {"username": account.data["username"], "registry": str(registry), "storedIn": stored_in}
    )
    session.output.print_line(f"logged in to {registry} as {account.data['username']}")


def _get_token(from_stdin: bool) -> str:
    if from_stdin:
        # Bounded, in case stdin is not a token but a large file.
        return sys.stdin.read(_STDIN_CHARS)
    if not sys.stdin.isatty():
        raise click.UsageError("stdin is not a terminal; use --token-stdin to enter the token")
    return str(click.prompt("token", hide_input=True, err=True))
