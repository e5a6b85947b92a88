"""`plugport readme`: print a plugin's README."""

from __future__ import annotations

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.session import Session


@plugport_command(
    "readme",
    examples=("plugport readme @ar/slack-bridge", "plugport readme @ar/slack-bridge@1.2.0"),
)
@click.argument("plugin", metavar="NAME[@VERSION|@RANGE|@TAG]")
@click.pass_obj
def command(session: Session, plugin: str) -> None:
    """Print a plugin's README as Markdown."""
    from plugport.installer.choose import choose_release
    from plugport.installer.sources import split_wanted
    from plugport.spec.names import PluginName

    text, wanted = split_wanted(plugin)
    name = PluginName.parse(text)
    with session.open_client() as client:
        version = str(choose_release(client, name, wanted).version) if wanted else None
        readme = client.get_readme(name, version)
    session.output.show_json({"name": str(name), "version": version, "readme": readme})
    if readme.strip():
        session.output.show(readme.rstrip("\n"))
    else:
        session.output.note(f"`{name}` has no README")
