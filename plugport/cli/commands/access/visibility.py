"""`plugport visibility`: show and change who may see a plugin or the plugins of a scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.spec.api.values import VISIBILITIES

if TYPE_CHECKING:
    from plugport.client import RegistryClient
    from plugport.spec.api.visibility import VisibilityChoice


@plugport_command(
    "visibility",
    examples=(
        "plugport visibility @acme/chat",
        "plugport visibility @acme/chat private",
        "plugport visibility @acme public --yes",
    ),
)
@click.argument("name", metavar="NAME|@SCOPE")
@click.argument("visibility", required=False, type=click.Choice(VISIBILITIES))
@click.option("--yes", "-y", is_flag=True, help="Change it without confirmation.")
@click.pass_obj
def command(session: Session, name: str, visibility: str | None, yes: bool) -> None:
    """Show who may see a plugin or the plugins of a scope, or change it.

    Private: those who have a role. Internal: all accounts of the registry with a verified address. The
    visibility of a scope is the widest of its plugins, and that of new ones. What others have installed
    stays with them.
    """
    with session.open_client() as client:
        state = _load(client, name)
        if visibility is None:
            session.output.print_json(state)
            _print_state(session, state)
            return
        choice = next(each for each in state["choices"] if each["visibility"] == visibility)
        if visibility != state["visibility"]:
            _confirm(session, state, choice, yes)
            state = _change(client, name, visibility)
    session.output.print_json(state)
    session.output.print_line(f"{state['name']} is {state['visibility']}")


def _is_scope(text: str) -> bool:
    return text.startswith("@") and "/" not in text


def _load(client: RegistryClient, text: str) -> Any:
    from plugport.spec.names import PluginName, parse_scope

    if _is_scope(text):
        return client.get_scope_visibility(parse_scope(text))
    return client.get_visibility(PluginName.parse(text))


def _change(client: RegistryClient, text: str, visibility: str) -> Any:
    from plugport.spec.names import PluginName, parse_scope

    if _is_scope(text):
        return client.change_scope_visibility(parse_scope(text), visibility)
    return client.change_visibility(PluginName.parse(text), visibility)


def _print_state(session: Session, state: Any) -> None:
    session.output.print_line(f"{state['name']} is {state['visibility']}")
    session.output.print_line()
    rows = [
        (choice["visibility"], choice["readers"] if choice["allowed"] else "Not possible here.")
        for choice in state["choices"]
    ]
    session.output.print_table(rows, ("VISIBILITY", "WHO SEES IT"))


def _confirm(session: Session, state: Any, choice: VisibilityChoice, yes: bool) -> None:
    """Print what changes, and ask. Raises `ConsentRequiredError`."""
    import sys

    from plugport.installer.errors import ConsentRequiredError

    session.output.note(
        f"{state['name']} is {state['visibility']} and becomes {choice['visibility']}"
    )
    for line in _iter_consequences(choice):
        session.output.note(line)
    if yes:
        return
    if session.output.as_json or not sys.stdin.isatty():
        raise ConsentRequiredError(
            f"not changed: `{state['name']}` would become {choice['visibility']}",
            hint=f"To change it: `{session.format_rerun('--yes')}`.",
        )
    if not click.confirm("Change who sees it?", err=True):
        raise ConsentRequiredError("not changed: you did not confirm it")


def _iter_consequences(choice: VisibilityChoice) -> list[str]:
    lines = [f"who sees it: {choice['readers']}"]
    if choice["visibility"] != "public" and choice["people"]:
        lines.append(f"people with a role: {', '.join(choice['people'])}")
    if choice["plugins"]:
        lines.append(f"plugins that change with it: {', '.join(choice['plugins'])}")
    if choice["dependents"]:
        lines.append(f"others can no longer install: {', '.join(choice['dependents'])}")
    if choice["dependencies"]:
        names = ", ".join(choice["dependencies"])
        lines.append(f"dependencies that some of its users cannot see: {names}")
    if choice["visibility"] != "public":
        lines.append("what others have installed stays with them")
    return lines
