"""`plugport info`: what a plugin is, and whether it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.output import format_size
from plugport.cli.session import Session

if TYPE_CHECKING:
    from plugport.client import Plugin, Release


@plugport_command(
    "info",
    examples=(
        "plugport info @ar/slack-bridge",
        "plugport info @ar/slack-bridge@1.2.0",
        "plugport info @ar/slack-bridge@beta --json",
    ),
)
@click.argument("plugin", metavar="NAME[@VERSION|@RANGE|@TAG]")
@click.pass_obj
def command(session: Session, plugin: str) -> None:
    """Show what a plugin is, what it may do, and whether it can be trusted.

    Without a version it shows the release that `install` would choose.
    """
    from plugport.installer.choose import choose_release
    from plugport.installer.sources import split_wanted
    from plugport.spec.errors import MissingError
    from plugport.spec.names import PluginName

    text, wanted = split_wanted(plugin)
    name = PluginName.parse(text)
    with session.open_client() as client:
        found = client.get_plugin(name)
        try:
            release = choose_release(client, name, wanted)
        except MissingError:
            # A plugin may have no installable release and still be worth looking at.
            if wanted is not None:
                raise
            release = None
    document = release.document if release is not None else None
    session.output.show_json({"plugin": found.document, "release": document})
    _show_plugin(session, found, release)


def _show_plugin(session: Session, plugin: Plugin, release: Release | None) -> None:
    version = f" {release.version}" if release is not None else ""
    session.output.show(f"{plugin.name}{version}")
    if plugin.description:
        session.output.show(plugin.description)
    session.output.show()
    rows = [*_list_plugin_rows(plugin), *(_list_release_rows(release) if release else [])]
    for label, value in rows:
        if value:
            session.output.show(f"  {label:<12} {value}")
    _warn_of(session, plugin, release)


def _list_plugin_rows(plugin: Plugin) -> Iterator[tuple[str, str]]:
    document = plugin.document
    yield "kind", plugin.type
    yield "author", plugin.author
    yield "licence", plugin.license
    yield "homepage", _text(document.get("homepage"))
    yield "repository", _find_url(document.get("repository"))
    yield "downloads", str(plugin.downloads)
    yield "tags", ", ".join(f"{tag} {version}" for tag, version in plugin.dist_tags.items())


def _list_release_rows(release: Release) -> Iterator[tuple[str, str]]:
    document = release.document
    yield "trust", release.trust
    yield "state", release.state
    yield "size", format_size(release.size_bytes) if release.size_bytes is not None else ""
    yield "published", _text(document.get("createdAt"))
    yield "integrity", release.integrity
    # Only what is asked for: an empty list says nothing.
    permissions = document.get("permissions")
    if isinstance(permissions, dict):
        for name, values in permissions.items():
            if isinstance(values, list) and values:
                yield str(name), ", ".join(str(value) for value in values)
    yield "needs", ", ".join(f"{name} {span}" for name, span in release.dependencies.items())
    yield "install", f"plugport install {release.name}@{release.version}"


def _warn_of(session: Session, plugin: Plugin, release: Release | None) -> None:
    if release is None:
        session.output.warn(f"`{plugin.name}` has no installable release")
        return
    label = f"`{release.name}@{release.version}`"
    if release.yanked is not None:
        session.output.warn(f"{label} is yanked. {release.yanked}".rstrip(". ") + ".")
    if release.deprecated is not None:
        session.output.warn(f"{label} is deprecated. {release.deprecated}".rstrip(". ") + ".")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _find_url(value: Any) -> str:
    """A repository as a registry writes it: a URL, or an object with one."""
    return _text(value.get("url")) if isinstance(value, Mapping) else _text(value)
