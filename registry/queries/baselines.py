"""The release that another one is compared with."""

from __future__ import annotations

from registry.models import Release
from registry.models.states import ReleaseState

_DEFERRED_FIELDS = tuple(
    f"contents__{name}"
    for name in (
        *("readme", "changelog", "changelog_entry", "manifest_text"),
        *("licences", "warnings", "files"),
    )
)


def find_baseline(release: Release) -> Release | None:
    """Return the release to compare with unless the reader names another: 1 query.

    It is the highest published release below this one. Stable releases come first for a stable
    release: users who update from the last stable one have not
    seen what a prerelease added. Blocked
    releases are no baseline, because nobody should have them installed. Of its contents only the
    manifest is loaded.
    """
    order = ("-sort_key",) if release.is_prerelease else ("is_prerelease", "-sort_key")
    releases_below = Release.objects.filter(
        plugin_id=release.plugin_id,
        state=ReleaseState.PUBLISHED,
        sort_key__lt=bytes(release.sort_key),
    )
    return (
        releases_below.select_related("contents").defer(*_DEFERRED_FIELDS).order_by(*order).first()
    )
