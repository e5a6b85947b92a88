"""`plugport init`: create the files of a new plugin."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.cli.terminal.completions import FOLDER_PATH
from plugport.spec.manifest.formats.registry import DEFAULT_MANIFEST_FORMAT, MANIFEST_FORMATS
from plugport.spec.manifest.kinds import KINDS

_MAX_TEXT_CHARS = 300


@plugport_command(
    "init",
    examples=(
        "plugport init my-plugin",
        "plugport init slack-bridge --name @ada/slack-bridge --kind bridge",
        'plugport init helper --dialect claude --description "Reviews a pull request."',
    ),
)
@click.argument("folder", default=".", metavar="[FOLDER]", type=FOLDER_PATH)
@click.option("--name", metavar="NAME", help="Name of the plugin.  [default: name of FOLDER]")
@click.option("--kind", type=click.Choice(tuple(KINDS)), help="Kind of the plugin.")
@click.option(
    "--dialect",
    type=click.Choice(tuple(MANIFEST_FORMATS)),
    default=DEFAULT_MANIFEST_FORMAT.name,
    show_default=True,
    help="Manifest format.",
)
@click.option("--description", metavar="TEXT", help="One sentence that describes the plugin.")
@click.option("--author", metavar="NAME", default="", help="Name of the author.")
@click.option(
    "--license", "license_id", metavar="SPDX", default="MIT", show_default=True, help="License."
)
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
    """Create the files of a new plugin, which passes `plugport validate` with warnings.

    The warnings name the texts of the template that you should replace.
    The default of --kind is the first kind of the manifest format. Never overwrites files.
    """
    from plugport.checks.template_text import build_default_description
    from plugport.cli.scaffold import ScaffoldRequest, build_files, write_files
    from plugport.spec.names import PluginName, check_reserved

    target = Path(folder)
    plugin = PluginName.parse(name or _build_name(target))
    # The registry would reject the name only when the plugin is published.
    check_reserved(plugin)
    chosen = kind or next(iter(MANIFEST_FORMATS[dialect].scaffolds))
    text = _require_line(description or build_default_description(chosen, plugin.name))
    request = ScaffoldRequest(
        plugin, dialect, chosen, text, _require_line(author), _require_line(license_id)
    )
    # All content is built before the first file is written, so that an error leaves no files.
    files = build_files(request)
    write_files(target, files)
    session.output.print_json(
        {
            "name": str(plugin),
            "kind": chosen,
            "dialect": dialect,
            "folder": str(target),
            "files": sorted(files),
        }
    )
    session.output.print_line(
        f"created {plugin}, a {chosen} with a {dialect} manifest, in {target}"
    )
    for path in sorted(files):
        session.output.print_line(f"  {path}")
    commands = [shlex.join(["plugport", verb, str(target)]) for verb in ("validate", "publish")]
    session.output.note(f"next: `{commands[0]}`, then `{commands[1]}`")


def _build_name(folder: Path) -> str:
    """A plugin name from a folder's name: lowercase, with dashes for invalid characters."""
    # Consecutive dots are valid in folder names, but not in plugin names.
    text = re.sub(r"[^a-z0-9.]+", "-", Path(os.path.realpath(folder)).name.lower())
    return re.sub(r"\.\.+", ".", text).strip("-.")


def _require_line(text: str) -> str:
    """Return the text if it is one printable line. Raises `UsageError`.

    Templates put it into manifests and comments.
    """
    if len(text) > _MAX_TEXT_CHARS or not text.isprintable():
        raise click.UsageError(
            f"text options must be one printable line of at most {_MAX_TEXT_CHARS} characters"
        )
    return text
