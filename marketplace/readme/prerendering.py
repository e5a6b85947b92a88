"""Render READMEs before the first visitor opens the page.

A long README takes 0.1 seconds or more to render. A thread of each worker process renders the READMEs
that this process published. This is an optimization: pages render READMEs that are not cached.
"""

from __future__ import annotations

from typing import Any

from common.background import BackgroundThread
from marketplace.readme.changes import render_release_changes
from marketplace.readme.render import render_release_readme
from registry.models import JournalEntry, Release

_MAX_ENTRIES = 200


def on_journal_appended(**_kwargs: Any) -> None:
    """Render what this process published, if it runs the thread."""
    _renderer.wake()


def start() -> None:
    """Start rendering in this process, unless it already does."""
    _renderer.start()


def render_published(*, after: int) -> int:
    """Render the newest 200 releases published after the serial; returns the last serial seen.

    1 query, and 1 more if there are any.
    """
    newest = JournalEntry.objects.filter(serial__gt=after).order_by("-serial")[:_MAX_ENTRIES]
    entries = list(newest)
    published = {(e.plugin, e.version) for e in entries if e.event == "release.published"}
    if published:
        releases = Release.objects.filter(
            plugin__name__in={name for name, _ in published},
            version__in={version for _, version in published},
        ).select_related("plugin", "contents")
        for release in releases:
            if (release.plugin.name, release.version) in published:
                render_release_readme(release.plugin.name, release)
                render_release_changes(release.plugin.name, release)
    return entries[0].serial if entries else after


class _Renderer:
    """Renders READMEs of releases published after the last serial that was processed."""

    def __init__(self) -> None:
        self._serial: int | None = None

    def render_new(self) -> None:
        if self._serial is None:
            self._serial = max(0, _get_last_serial() - _MAX_ENTRIES)
        self._serial = render_published(after=self._serial)


def _get_last_serial() -> int:
    last = JournalEntry.objects.order_by("-serial").values_list("serial", flat=True).first()
    return last or 0


_renderer = BackgroundThread("readmes", _Renderer().render_new, error_event="readmes_not_rendered")
