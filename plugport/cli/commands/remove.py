"""`plugport remove`: remove an installed plugin."""

from __future__ import annotations

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.cli.terminal.completions import FOLDER_PATH, complete_installed


@plugport_command(
    "remove",
    examples=("plugport remove @ar/slack-bridge", "plugport uninstall @ar/slack-bridge --force"),
)
@click.argument("plugin", metavar="NAME", shell_complete=complete_installed)
@click.option("--force", is_flag=True, help="Remove it even if other plugins depend on it.")
@click.option(
    "--target",
    metavar="DIR",
    type=FOLDER_PATH,
    help="Folder that was given to `plugport install`.",
)
@click.pass_obj
def command(session: Session, plugin: str, force: bool, target: str | None) -> None:
    """Remove an installed plugin.

    Fails if other installed plugins depend on it, unless --force is given. Also removes the plugins
    that were installed only because it needs them.
    """
    from plugport.installer.errors import HasDependentsError
    from plugport.spec.names import PluginName

    name = PluginName.parse(plugin)
    try:
        removed = session.build_installer(target).remove(name, force=force)
    except HasDependentsError as error:
        rerun = session.format_rerun("--force")
        error.hint = f"Remove those plugins first, or run `{rerun}`."
        raise
    rows = [{"name": str(each.name), "version": str(each.version)} for each in removed]
    session.output.print_json({"removed": rows[0], "dependencies": rows[1:]})
    session.output.print_line(f"removed {name}@{removed[0].version}")
    for each in removed[1:]:
        session.output.print_line(f"removed {each.name}@{each.version}, which no plugin needs now")
