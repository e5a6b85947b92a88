"""Which release is meant by a version, a range, a tag or nothing."""

from __future__ import annotations

from plugport.client.client import RegistryClient
from plugport.client.models import Plugin, Release
from plugport.installer.errors import NoSuchReleaseError
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName
from plugport.spec.ranges import Range, max_satisfying
from plugport.spec.text import show
from plugport.spec.versions import InvalidVersionError, Version

_SHOWN_VERSIONS = 8


def choose_release(client: RegistryClient, name: PluginName, wanted: str | None) -> Release:
    """The release to install, with all its metadata.

    An exact version is taken as it is, yanked or not. A range takes the newest published release
    that is neither yanked nor, where there is a choice, deprecated. Nothing means the tag
    `latest`; a yanked one is passed over as in a range. Raises `MissingError`.
    """
    exact = _find_exact(wanted)
    if exact is not None:
        return client.get_release(name, exact)
    plugin = client.get_plugin(name)
    tag = wanted or "latest"
    tagged = plugin.dist_tags.get(tag) or (plugin.latest_version if tag == "latest" else None)
    if tagged:
        release = client.get_release(name, tagged)
        # A tag that was asked for by name is as exact as a version.
        if wanted is not None or (release.yanked is None and release.state == "published"):
            return release
    return client.get_release(name, _choose_version(client, plugin, wanted))


def _choose_version(client: RegistryClient, plugin: Plugin, wanted: str | None) -> Version:
    span = _read_range(plugin, wanted)
    releases = client.list_releases(plugin.name)
    # Deprecated ones stay, for a range may hold nothing else.
    usable = [r for r in releases if r.state == "published" and r.yanked is None]
    current = [release.version for release in usable if release.deprecated is None]
    found = max_satisfying(current, span) or max_satisfying([r.version for r in usable], span)
    if found is None and wanted is None:
        # A plugin that has prereleases alone is still what was asked for.
        found = max(current or [r.version for r in usable], default=None)
    if found is None:
        raise NoSuchReleaseError(
            f"`{plugin.name}` has no installable release for {show(wanted or 'latest')}",
            hint=_list_versions([release.version for release in usable]),
        )
    return found


def _read_range(plugin: Plugin, wanted: str | None) -> Range:
    try:
        return Range.parse(wanted or "*")
    except PlugportError as error:
        tags = ", ".join(f"`{tag[:64]}`" for tag in sorted(plugin.dist_tags)[:20]) or "none"
        raise NoSuchReleaseError(
            f"{show(wanted or '')} is no version, no range and no tag of `{plugin.name}`",
            hint=f"Its tags: {tags}.",
        ) from error


def _find_exact(wanted: str | None) -> Version | None:
    try:
        return Version.parse(wanted or "")
    except InvalidVersionError:
        return None


def _list_versions(versions: list[Version]) -> str:
    if not versions:
        return "It has no installable release at all."
    newest = sorted(versions, reverse=True)[:_SHOWN_VERSIONS]
    more = ", …" if len(versions) > _SHOWN_VERSIONS else ""
    return f"Installable are {', '.join(map(str, newest))}{more}."
