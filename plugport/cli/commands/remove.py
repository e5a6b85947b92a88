"""`plugport remove`: remove an installed plugin."""

from __future__ import annotations

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.session import Session


@plugport_command(
    "remove",
    examples=("plugport remove @ar/slack-bridge", "plugport uninstall @ar/slack-bridge --force"),
)
@click.argument("plugin", metavar="NAME")
@click.option("--force", is_flag=True, help="Also if other installed plugins depend on it.")
@click.option("--target", metavar="DIR", help="The folder given to install.")
@click.pass_obj
def command(session: Session, plugin: str, force: bool, target: str | None) -> None:
    """Remove an installed plugin and its record.

    Refuses while other installed plugins depend on it.
    """
    from plugport.spec.names import PluginName

    name = PluginName.parse(plugin)
    removed = session.make_installer(target).remove(name, force=force)
    session.output.show_json({"removed": {"name": str(name), "version": str(removed.version)}})
    session.output.show(f"removed {name}@{removed.version}")
