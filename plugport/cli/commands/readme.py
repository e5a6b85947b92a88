"""`plugport readme`: print the README of a plugin."""

from __future__ import annotations

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session


@plugport_command(
    "readme",
    examples=("plugport readme @ar/slack-bridge", "plugport readme @ar/slack-bridge@1.2.0"),
)
@click.argument("plugin", metavar="NAME[@VERSION|@RANGE|@TAG]")
@click.pass_obj
def command(session: Session, plugin: str) -> None:
    """Print the README of a plugin as Markdown.

    Without a version, prints that of the release tagged `latest`.
    """
    from plugport.cli.missing_names import explain_missing
    from plugport.installer.resolver import resolve_release
    from plugport.installer.sources import split_version_spec
    from plugport.spec.names import PluginName

    text, requested = split_version_spec(plugin)
    name = PluginName.parse(text)
    with session.open_client() as client, explain_missing(client, name):
        version = str(resolve_release(client, name, requested).version) if requested else None
        readme = client.get_readme(name, version)
    session.output.print_json({"name": str(name), "version": version, "readme": readme})
    if readme.strip():
        session.output.print_text(readme.rstrip("\n"))
    else:
        session.output.note(f"`{name}` has no README")
