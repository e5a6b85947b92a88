"""`plugport list`: list plugins in the registry or in this project."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.plugin_table import kind_option, page_options, print_page
from plugport.cli.session import Session
from plugport.cli.terminal.completions import FOLDER_PATH
from plugport.spec.text import quote_text

if TYPE_CHECKING:
    from plugport.installer import InstalledPlugin, Installer

_HEADER = ("NAME", "VERSION", "KIND", "TRUST", "STATUS", "NEEDED BY")


@plugport_command(
    "list",
    examples=(
        "plugport list --type hook",
        "plugport list --official",
        "plugport list --installed",
        "plugport list --installed --target ./host/plugins --json",
    ),
)
@kind_option
@click.option("--official", is_flag=True, help="Only plugins of the registry's owner.")
@click.option("--installed", is_flag=True, help="List the installed plugins of this project.")
@click.option(
    "--target",
    metavar="DIR",
    type=FOLDER_PATH,
    help="With --installed: folder that was given to `plugport install`.",
)
@page_options(limit=50)
@click.pass_obj
def command(
    session: Session,
    kind: str | None,
    official: bool,
    installed: bool,
    target: str | None,
    page: int,
    limit: int,
) -> None:
    """List plugins in the registry by name, or the installed plugins.

    The status of an installed plugin is `ok`, `changed` (its files were changed after the
    installation) or `missing` (its folder does not exist). Plugins that are needed by others, and were
    not installed by name, list those.
    """
    if target is not None and not installed:
        raise click.UsageError("--target can only be used with --installed")
    if installed:
        _print_installed(session, kind, official, target)
        return
    # The API has no member for it: official plugins are those with this trust level.
    trust = "official" if official else None
    print_page(
        session, {"type": kind, "trust": trust, "sort": "name", "page": page, "limit": limit}
    )


def _print_installed(
    session: Session, kind: str | None, official: bool, target: str | None
) -> None:
    from plugport.installer.install_record import list_dependents, list_unmet

    installer = session.build_installer(target)
    installed = installer.list_installed()
    plugins = [
        plugin
        for _, plugin in sorted(installed.items())
        if kind in {None, plugin.kind} and (not official or plugin.trust == "official")
    ]
    # Computed once: the JSON document and the table both need it.
    status = {plugin.name: _get_status(installer, plugin) for plugin in plugins}
    needed_by = {
        p.name: [str(name) for name in list_dependents(installed, p.name)] for p in plugins
    }
    unmet = {plugin.name: list_unmet(installed, plugin) for plugin in plugins}
    session.output.print_json(
        {
            "plugins": [
                {
                    "name": str(p.name),
                    **p.as_dict(),
                    "requested": p.is_requested,
                    "status": status[p.name],
                    "neededBy": needed_by[p.name],
                    "unmetDependencies": unmet[p.name],
                }
                for p in plugins
            ]
        }
    )
    if not plugins:
        session.output.note("no plugins are installed")
        return
    rows = [
        (
            str(p.name),
            str(p.version),
            p.kind,
            p.trust or "-",
            status[p.name],
            "-" if p.is_requested else ", ".join(needed_by[p.name]) or "no plugin",
        )
        for p in plugins
    ]
    # The last column is for plugins that were installed because others need them.
    columns = len(_HEADER) if any(not p.is_requested for p in plugins) else len(_HEADER) - 1
    session.output.print_table([row[:columns] for row in rows], _HEADER[:columns])
    for plugin in plugins:
        for name, text in unmet[plugin.name].items():
            other = next((each for each in installed.values() if str(each.name) == name), None)
            session.output.warn(
                f"`{plugin.name}@{plugin.version}` needs {quote_text(f'{name} {text}')}, "
                + (f"not `{other.version}`" if other else "which is not installed")
                + f": run `plugport install {shlex.quote(str(plugin.name))}`"
            )


def _get_status(installer: Installer, plugin: InstalledPlugin) -> str:
    from plugport.installer.filesystem import digest_tree

    # By digest, because sizes and times can stay the same when content changes.
    folder = installer.layout.folder_of(plugin.name)
    if not folder.exists():
        return "missing"
    digest = digest_tree(folder)
    return "ok" if digest is not None and digest.sri == plugin.files_digest else "changed"
