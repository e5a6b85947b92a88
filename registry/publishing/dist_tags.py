"""Dist-tags: `latest` is the highest stable release, others the newest release under them (REL-3)."""

from __future__ import annotations

from collections.abc import Sequence

from registry.models import DistTag, Plugin, Release
from registry.models.states import ReleaseState

LATEST = "latest"


def update_dist_tags(plugin: Plugin) -> dict[str, Release]:
    """Point every dist-tag at an installable release; returns the releases by tag.

    A tag other than `latest` points at the newest release published under it, and is deleted when
    there is none. Call it inside the transaction that changed a release, with the plugin locked.
    """
    releases = list(plugin.releases.filter(state=ReleaseState.PUBLISHED))
    targets: dict[str, Release] = {}
    # In order of publication and not of versions: an author can move `beta` back to a lower version
    # by publishing it later.
    for release in sorted(releases, key=lambda r: (r.published_at or r.created_at, r.pk)):
        if release.tag and release.tag != LATEST:
            targets[release.tag] = release
    latest = find_latest(releases)
    if latest is not None:
        targets[LATEST] = latest
    _write_tags(plugin, targets)
    return targets


def find_latest(releases: Sequence[Release]) -> Release | None:
    """The release that `latest` points at; None without any.

    The highest stable release that is not yanked and was not published under another tag. If
    there is none: the highest such prerelease, then the highest that is not yanked, then the
    highest of all, so that a plugin with a published release always has a `latest`.
    """
    usable = [release for release in releases if release.yanked_at is None]
    untagged = [release for release in usable if release.tag in ("", LATEST)]
    stable = [release for release in untagged if not release.is_prerelease]
    for candidates in (stable, untagged, usable, releases):
        if candidates:
            return max(candidates, key=lambda release: bytes(release.sort_key))
    return None


def _write_tags(plugin: Plugin, targets: dict[str, Release]) -> None:
    current = {tag.name: tag for tag in plugin.dist_tags.all()}
    for name, tag in current.items():
        if name not in targets:
            tag.delete()
        elif tag.release_id != targets[name].pk:
            tag.release = targets[name]
            tag.save(update_fields=["release"])
    # Written one by one only where something changes: almost every call changes one tag.
    DistTag.objects.bulk_create(
        [
            DistTag(plugin=plugin, name=name, release=release)
            for name, release in targets.items()
            if name not in current
        ]
    )
