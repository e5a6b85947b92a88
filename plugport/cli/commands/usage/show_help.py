"""`plugport help`: print the help of a command."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from plugport.cli.command_group import COMMANDS, plugport_command
from plugport.cli.session import Session


def _complete_commands(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Verbs, with their summaries."""
    return [
        CompletionItem(verb, help=summary)
        for verb, (_, _, summary) in COMMANDS.items()
        if verb.startswith(incomplete)
    ]


@plugport_command(
    "help", examples=("plugport help", "plugport help install", "plugport help scope")
)
@click.argument("words", nargs=-1, metavar="[COMMAND]", shell_complete=_complete_commands)
@click.pass_context
def command(context: click.Context, words: tuple[str, ...]) -> None:
    """Print the help of a command, or the list of commands.

    `plugport help COMMAND` and `plugport COMMAND --help` print the same.
    """
    session: Session = context.obj
    found = _find_context(context.find_root(), list(words))
    text = found.get_help()
    session.output.print_json({"command": found.command_path, "help": text})
    session.output.print_text(text)


def _find_context(root: click.Context, words: list[str]) -> click.Context:
    """The context of the command that the words name. Raises `UsageError` for an unknown one."""
    current = root
    while words:
        if not isinstance(current.command, click.Group):
            raise click.UsageError(f"`{current.command_path}` has no subcommands", root)
        name, found, words = current.command.resolve_command(current, words)
        if found is None:
            raise click.UsageError("the name of a command is missing", root)
        current = click.Context(found, parent=current, info_name=name, obj=root.obj)
    return current
