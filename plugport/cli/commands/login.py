"""`plugport login`: log in to the registry, in a browser or with a token."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.environment.variables import TOKEN, find_variable
from plugport.spec.api.values import TOKEN_SCOPES

if TYPE_CHECKING:
    from plugport.client.tokens import Token

_STDIN_CHARS = 8192


@plugport_command(
    "login",
    examples=(
        "plugport login",
        "plugport login --registry https://plugins.example.org",
        "plugport login --no-browser --scope read",
        "plugport login --token",
        "plugport login --token-stdin",
    ),
)
@click.option("--token", "prompts", is_flag=True, help="Prompt for a token of your account page.")
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
@click.option("--no-browser", is_flag=True, help="Only print the address; open it anywhere.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(TOKEN_SCOPES),
    help="What the program may do (default: read, publish, manage). Can be repeated.",
)
@click.pass_obj
def command(
    session: Session, prompts: bool, token_stdin: bool, no_browser: bool, scopes: tuple[str, ...]
) -> None:
    """Log in to the registry.

    Opens a page in your browser, where you enter the printed code and approve. This also works over SSH:
    open the printed address on any machine. The token is valid for 90 days. It is stored in the system's
    keyring, or without one in a file in PLUGPORT_HOME that only you can read.
    """
    if (prompts or token_stdin) and (no_browser or scopes):
        raise click.UsageError("--no-browser and --scope are for the sign-in without a token")
    if prompts or token_stdin:
        token = _get_token(token_stdin)
    elif no_browser or sys.stdin.isatty():
        token = _sign_in(session, scopes, opens_browser=not no_browser)
    else:
        raise click.UsageError(
            "stdin is not a terminal; use --token-stdin to enter a token, or --no-browser"
        )
    _store(session, token)


def _store(session: Session, token: Token) -> None:
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


def _get_token(from_stdin: bool) -> Token:
    from plugport.client.tokens import Token

    # Never as an argument: other users can see the command lines of processes (CWE-214).
    if from_stdin:
        # Bounded, in case stdin is not a token but a large file.
        return Token.parse(sys.stdin.read(_STDIN_CHARS))
    if not sys.stdin.isatty():
        raise click.UsageError("stdin is not a terminal; use --token-stdin to enter the token")
    return Token.parse(str(click.prompt("token", hide_input=True, err=True)))


def _sign_in(session: Session, scopes: tuple[str, ...], *, opens_browser: bool) -> Token:
    import socket

    from plugport.cli.output import sanitize_text
    from plugport.cli.terminal.streams import write_to_stderr
    from plugport.client.device_login import DeviceLoginClient
    from plugport.spec.errors import MissingError

    client = DeviceLoginClient(
        session.registry, transport=session.transport, sleep=session.sleep or time.sleep
    )
    try:
        try:
            login = client.start(socket.gethostname()[:60], scopes)
        except MissingError as error:
            error.hint = (
                "This registry has no sign-in in the browser. Create a token on your account page, and"
                " run `plugport login --token`."
            )
            raise
        # On stderr, also with --json: a person must see it.
        text = f"Open {login.page}\nand enter the code: {login.user_code}"
        write_to_stderr(sanitize_text(text))
        if opens_browser and not _is_remote() and _open_browser(login.link):
            write_to_stderr("The page was opened in your browser.")
        return client.wait(login)
    finally:
        client.close()


def _is_remote() -> bool:
    """Whether a browser of this machine is not the one of the person."""
    return bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))


def _open_browser(link: str) -> bool:
    import webbrowser

    try:
        return webbrowser.open(link)
    except (OSError, webbrowser.Error):
        # The address was printed.
        return False
