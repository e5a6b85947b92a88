"""Dist-tags: `latest` follows the highest stable release unless moved (REL-3)."""

from __future__ import annotations

from collections.abc import Sequence

from registry.models import DistTag, Plugin, Release
from registry.publishing.states import ReleaseState

LATEST = "latest"


def update_dist_tags(plugin: Plugin) -> dict[str, Release]:
    """Make every dist-tag point at a release that can be installed; returns them by tag.

    A tag other than `latest` points at the newest release published under it; without one it
    goes. `latest`, unless pinned by hand, is the highest stable release that is not yanked and
    was not published under another tag, else the highest of what is left. Call it inside the
    transaction that changed a release.
    """
    releases = list(plugin.releases.filter(state=ReleaseState.PUBLISHED))
    current = list(plugin.dist_tags.select_related("release"))
    pinned = {
        tag.name: tag.release
        for tag in current
        if tag.is_pinned and tag.release.state == ReleaseState.PUBLISHED
    }
    wanted: dict[str, Release] = {}
    for release in sorted(releases, key=lambda r: (r.published_at or r.created_at, r.pk)):
        if release.tag and release.tag != LATEST:
            wanted[release.tag] = release
    latest = choose_latest(releases)
    if latest is not None:
        wanted[LATEST] = latest
    wanted |= pinned
    _write_tags(plugin, {tag.name: tag for tag in current}, wanted)
    return wanted


def choose_latest(releases: Sequence[Release]) -> Release | None:
    """The release that `latest` means, by the rule above; None if there is none to install."""
    fit = [release for release in releases if release.yanked_at is None]
    plain = [release for release in fit if release.tag in ("", LATEST)]
    stable = [release for release in plain if not release.is_prerelease]
    for group in (stable, plain, fit, releases):
        if group:
            return max(group, key=lambda release: bytes(release.sort_key))
    return None


def _write_tags(plugin: Plugin, current: dict[str, DistTag], wanted: dict[str, Release]) -> None:
    for name, tag in current.items():
        if name not in wanted:
            tag.delete()
        elif tag.release_id != wanted[name].pk:
            tag.release = wanted[name]
            tag.save(update_fields=["release"])
    DistTag.objects.bulk_create(
        [
            DistTag(plugin=plugin, name=name, release=release)
            for name, release in wanted.items()
            if name not in current
        ]
    )
