"""Resolve a version, a range, a dist-tag or nothing to one release of a plugin."""

from __future__ import annotations

from plugport.client.client import RegistryClient
from plugport.client.models import Plugin, Release
from plugport.installer.errors import NoSuchReleaseError
from plugport.spec.errors import MissingError, PlugportError
from plugport.spec.names import PluginName
from plugport.spec.ranges import InvalidRangeError, Range, find_only_version
from plugport.spec.ranges.selection import select_newest_release, select_release
from plugport.spec.text import quote_text
from plugport.spec.versions import InvalidVersionError, Version

_MAX_LISTED_VERSIONS = 8
_MAX_LISTED_TAGS = 20
_MAX_TAG_CHARS = 64


def resolve_release(
    client: RegistryClient,
    name: PluginName,
    requested: str | None,
    *,
    plugin: Plugin | None = None,
) -> Release:
    """The release to install, with all its metadata. Raises `MissingError`.

    A version, in any form that names exactly one, or a dist-tag gives that release, even if it is
    yanked. A range gives the release that `select_release` selects. None gives the release tagged
    `latest`, unless it is yanked or blocked; then the newest one that can be installed. `plugin` saves
    the request for the plugin if the caller has it already.
    """
    exact = find_exact_version(requested)
    if exact is not None:
        return _get_exact_release(client, name, exact)
    if plugin is None:
        # One request in most cases; what follows explains why there is no such release.
        latest = _find_latest(client, name) if requested is None else None
        if latest is not None:
            return latest
        plugin = client.get_plugin(name)
    tag = requested or "latest"
    tagged = plugin.data["distTags"].get(tag) or (
        plugin.data["latestVersion"] if tag == "latest" else None
    )
    if tagged:
        release = client.get_release(name, tagged)
        # A dist-tag that the user entered is as exact as a version.
        if requested is not None or release.is_installable:
            return release
    # The list has summaries; the release itself also has its checks and files.
    return client.get_release(name, _select_version(client, plugin, requested))


def _find_latest(client: RegistryClient, name: PluginName) -> Release | None:
    """The release tagged `latest`; None if it does not exist or cannot be installed."""
    try:
        release = client.get_tagged_release(name, "latest")
    except MissingError:
        return None
    return release if release.is_installable else None


def _select_version(client: RegistryClient, plugin: Plugin, requested: str | None) -> Version:
    releases = client.list_releases(plugin.name)
    selected = (
        select_newest_release(releases)
        if requested is None
        else select_release(releases, _parse_range(plugin, requested))
    )
    if selected is None:
        installable = [release.version for release in releases if release.is_installable]
        raise NoSuchReleaseError(
            f"`{plugin.name}` has no installable release for {quote_text(requested or 'latest')}",
            hint=_format_versions(installable),
        )
    return selected.version


def _parse_range(plugin: Plugin, requested: str) -> Range:
    try:
        return Range.parse(requested)
    except PlugportError as error:
        # The registry's text is cut: it could fill the terminal.
        tags = [
            f"`{tag[:_MAX_TAG_CHARS]}`"
            for tag in sorted(plugin.data["distTags"])[:_MAX_LISTED_TAGS]
        ]
        raise NoSuchReleaseError(
            f"{quote_text(requested)} is not a version, a range or a dist-tag of `{plugin.name}`",
            hint=f"Its dist-tags: {', '.join(tags) or 'none'}.",
        ) from error


def find_exact_version(requested: str | None) -> Version | None:
    """The version that a text names if it names exactly one: `1.2.0`, `=1.2.0`, `1.2.0 - 1.2.0`."""
    try:
        return Version.parse(requested or "")
    except InvalidVersionError:
        pass
    try:
        # "" and " " are ranges too, but contain every version.
        return find_only_version(Range.parse(requested or ""))
    except InvalidRangeError:
        return None


def _get_exact_release(client: RegistryClient, name: PluginName, version: Version) -> Release:
    try:
        return client.get_release(name, version)
    except MissingError:
        # The release may have other build metadata, which the range of a version does not have.
        same = [each for each in client.list_releases(name) if each.version == version]
        if not same:
            raise
        return client.get_release(name, same[0].version)


def _format_versions(versions: list[Version]) -> str:
    if not versions:
        return "None of its releases can be installed."
    newest = sorted(versions, reverse=True)[:_MAX_LISTED_VERSIONS]
    more = ", …" if len(versions) > _MAX_LISTED_VERSIONS else ""
    return f"Installable versions: {', '.join(map(str, newest))}{more}."
