"""Rendering READMEs before anybody asks for them.

A long README takes a tenth of a second or more, and the first reader should not wait for it. So
a thread of the worker renders what the worker published. Nothing depends on it: a page whose
README is not kept renders it itself.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import structlog
from celery.signals import worker_process_init
from django.db import close_old_connections

from marketplace.readme.render import render_release_readme
from registry.models import JournalEntry, Release

_log = structlog.get_logger("plugport.readme")
_MOST_AT_ONCE = 200
_news = threading.Event()
_renderer: int | None = None


def notice(**_kwargs: Any) -> None:
    """The journal of this process has grown: if it renders, it looks."""
    _news.set()


def start(**_kwargs: Any) -> None:
    """Start rendering in this process, unless it does already."""
    global _renderer  # noqa: PLW0603 -- one thread a process is the point
    if _renderer != os.getpid():
        _renderer = os.getpid()
        threading.Thread(target=_render, name="readmes", daemon=True).start()


def render_published(*, after: int) -> int:
    """Render what was published after the serial, the newest 200; returns the last serial seen.

    1 query, and 1 more if anything was.
    """
    newest = JournalEntry.objects.filter(serial__gt=after).order_by("-serial")[:_MOST_AT_ONCE]
    entries = list(newest)
    wanted = {(e.plugin, e.version) for e in entries if e.event == "release.published"}
    if wanted:
        releases = Release.objects.filter(
            plugin__name__in={name for name, _ in wanted},
            version__in={version for _, version in wanted},
        ).select_related("plugin", "contents")
        for release in releases:
            if (release.plugin.name, release.version) in wanted:
                render_release_readme(release.plugin.name, release)
    return entries[0].serial if entries else after


def _render() -> None:
    seen: int | None = None
    while True:
        _news.wait()
        _news.clear()
        try:
            if seen is None:
                seen = max(0, _get_last_serial() - _MOST_AT_ONCE)
            seen = render_published(after=seen)
        except Exception:  # noqa: BLE001 -- logged; pages render what is missing
            _log.exception("readmes_not_rendered")
        close_old_connections()


def _get_last_serial() -> int:
    last = JournalEntry.objects.order_by("-serial").values_list("serial", flat=True).first()
    return last or 0


worker_process_init.connect(start, weak=False)
