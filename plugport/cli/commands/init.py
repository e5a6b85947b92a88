"""`plugport init`: write the first files of a new plugin."""

from __future__ import annotations

import re
from pathlib import Path

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.session import Session

# Written out, so that the help needs no templates; a test compares them with the scaffolds.
DIALECTS = (
    "plugport",
    "agent-relay",
    "donkeylabs",
    "claude",
    "agent-plugins",
    "cortex",
    "omnibase",
)
KINDS = (
    "bridge",
    "storage",
    "memory",
    "policy",
    "hook",
    "widget",
    "service",
    "toolset",
    "container",
    "validator",
    "tool",
    "pipeline",
)
_DESCRIPTION_CHARS = 300


@plugport_command(
    "init",
    examples=(
        "plugport init my-plugin",
        "plugport init slack-bridge --name @ada/slack-bridge --kind bridge",
        'plugport init helper --dialect claude --description "Reviews a pull request."',
    ),
)
@click.argument("folder", default=".", metavar="[FOLDER]")
@click.option("--name", metavar="NAME", help="The plugin's name; the folder's name otherwise.")
@click.option("--kind", type=click.Choice(KINDS), help="What sort of plugin it is.")
@click.option(
    "--dialect", type=click.Choice(DIALECTS), default="plugport", help="The manifest's format."
)
@click.option("--description", metavar="TEXT", help="One sentence that says what it does.")
@click.option("--author", metavar="NAME", default="", help="Who wrote it.")
@click.option("--license", "license_id", metavar="SPDX", default="MIT", help="Its licence.")
@click.pass_obj
def command(
    session: Session,
    folder: str,
    name: str | None,
    kind: str | None,
    dialect: str,
    description: str | None,
    author: str,
    license_id: str,
) -> None:
    """Write the first files of a new plugin, which passes `plugport validate` as it is.

    Without --kind it is the first kind that the dialect has. Existing files are never overwritten.
    """
    from plugport.cli.scaffold import Wanted, find_kinds, make_files, write_files
    from plugport.spec.names import PluginName, check_reserved

    target = Path(folder)
    plugin = PluginName.parse(name or _make_name(target))
    check_reserved(plugin)
    chosen = kind or find_kinds(dialect)[0]
    text = _check_line(description or f"A {chosen} named {plugin.name}.")
    wanted = Wanted(plugin, dialect, chosen, text, _check_line(author), _check_line(license_id))
    files = make_files(wanted)
    write_files(target, files)
    session.output.show_json(
        {
            "name": str(plugin),
            "kind": chosen,
            "dialect": dialect,
            "folder": str(target),
            "files": sorted(files),
        }
    )
    session.output.show(f"made {plugin}, a {chosen} in the dialect {dialect}, in {target}")
    for path in sorted(files):
        session.output.show(f"  {path}")
    session.output.note(f"next: `plugport validate {target}`, then `plugport publish {target}`")


def _make_name(folder: Path) -> str:
    """A name from a folder's: lower case, everything else that names may not hold as a dash."""
    text = re.sub(r"[^a-z0-9.]+", "-", folder.resolve().name.lower())
    return re.sub(r"\.\.+", ".", text).strip("-.")


def _check_line(text: str) -> str:
    """Text for manifests and comments: one line, no control characters."""
    if len(text) > _DESCRIPTION_CHARS or not text.isprintable():
        raise click.UsageError(
            f"texts must be one printable line of at most {_DESCRIPTION_CHARS} characters"
        )
    return text
