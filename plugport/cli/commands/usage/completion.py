"""`plugport completion`: print the script that completes commands in a shell."""

from __future__ import annotations

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session

SHELLS = ("bash", "zsh", "fish")
_PROGRAM = "plugport"
# The name that `click.Command.main` derives from that of the program.
_VARIABLE = "_PLUGPORT_COMPLETE"


@plugport_command(
    "completion",
    examples=(
        "plugport completion bash >> ~/.bashrc",
        "plugport completion zsh >> ~/.zshrc",
        "plugport completion fish > ~/.config/fish/completions/plugport.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that completes commands and options in a shell.

    Load it in the startup file of the shell. Completion in bash needs bash 4.4 or newer.
    """
    from click.shell_completion import get_completion_class

    session: Session = context.obj
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"there is no completion for `{shell}`")
    # Rendered from its parts: `source` of bash also runs the shell, to warn of old versions.
    complete = completion(context.find_root().command, {}, _PROGRAM, _VARIABLE)
    script = complete.source_template % complete.source_vars()
    session.output.print_json({"shell": shell, "script": script})
    session.output.print_text(script.strip("\n"))
