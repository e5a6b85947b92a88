"""Reads of staged releases."""

from __future__ import annotations

from plugport.spec.text import has_nul, quote_text
from registry.errors import UnknownReleaseError
from registry.models import Plugin, Release
from registry.models.states import ReleaseState


def get_undecided_release(plugin: Plugin, version: str) -> Release:
    """The release of that version that was not rejected, also one that is not public: 1 query.

    For those who may decide: others must not learn that it exists. Raises `UnknownReleaseError`.
    """
    rows = Release.objects.filter(plugin=plugin).exclude(state=ReleaseState.REJECTED)
    rows = rows.select_related("plugin", "published_by")
    release = None if has_nul(version) else rows.filter(version=version).first()
    if release is None:
        raise UnknownReleaseError(
            f"`{plugin.name}` has no release {quote_text(version)} to decide."
        )
    return release
