"""`plugport list`: plugins of the registry, or those installed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.listing import MAX_LIMIT, show_page
from plugport.cli.session import Session

if TYPE_CHECKING:
    from plugport.installer import InstalledPlugin, Installer

_HEADER = ("NAME", "VERSION", "KIND", "TRUST", "STATUS")


@plugport_command(
    "list",
    examples=(
        "plugport list --type hook",
        "plugport list --official",
        "plugport list --installed",
        "plugport list --installed --target ./host/plugins --json",
    ),
)
@click.option("--type", "kind", metavar="KIND", help="Only plugins of this kind: bridge, hook, …")
@click.option("--official", is_flag=True, help="Only plugins of the registry's owner.")
@click.option("--installed", is_flag=True, help="The plugins installed here, not the registry's.")
@click.option("--target", metavar="DIR", help="With --installed: the folder given to install.")
@click.option("--page", type=click.IntRange(1, 100_000), default=1, help="Which page to show.")
@click.option(
    "--limit", type=click.IntRange(1, MAX_LIMIT), default=50, help="How many plugins on a page."
)
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
    """List plugins of the registry by name, or the installed ones.

    The status of an installed plugin is `ok`, `changed` (its files differ from what was
    installed) or `missing` (its folder is gone).
    """
    if target is not None and not installed:
        raise click.UsageError("--target belongs to --installed")
    if installed:
        _show_installed(session, kind, official, target)
        return
    trust = "official" if official else None
    show_page(session, {"type": kind, "trust": trust, "sort": "name", "page": page, "limit": limit})


def _show_installed(session: Session, kind: str | None, official: bool, target: str | None) -> None:
    installer = session.make_installer(target)
    plugins = [
        plugin
        for _, plugin in sorted(installer.list_installed().items())
        if kind in {None, plugin.kind} and (not official or plugin.trust == "official")
    ]
    status = {plugin.name: _find_status(installer, plugin) for plugin in plugins}
    session.output.show_json(
        {
            "plugins": [
                {"name": str(p.name), **p.as_dict(), "status": status[p.name]} for p in plugins
            ]
        }
    )
    if not plugins:
        session.output.note("nothing is installed here")
        return
    session.output.show_table(
        [(str(p.name), str(p.version), p.kind, p.trust or "-", status[p.name]) for p in plugins],
        _HEADER,
    )


def _find_status(installer: Installer, plugin: InstalledPlugin) -> str:
    from plugport.installer.files import digest_tree

    folder = installer.site.folder_of(plugin.name)
    if not folder.exists():
        return "missing"
    digest = digest_tree(folder)
    return "ok" if digest is not None and digest.sri == plugin.files_digest else "changed"
