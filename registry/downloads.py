"""Counting downloads without slowing them.

A download adds to a counter in memory; a thread writes the counters every few seconds. A process
that is killed loses the counts of those seconds, which is the price of never making a download
wait for a write.
"""

from __future__ import annotations

import atexit
import datetime as dt
import os
import threading
from collections import Counter, defaultdict

import structlog
from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import F, Sum
from django.utils import timezone

from registry.models import DownloadCount, Plugin, Release

_ROLL_BATCH = 1000
_log = structlog.get_logger("plugport.downloads")
_guard = threading.Lock()
_pending: Counter[tuple[int, dt.date]] = Counter()
_flusher: tuple[int, threading.Thread] | None = None
_stop = threading.Event()


def count_download(release_id: int) -> None:
    """Note one download of the release; it is in the database a few seconds later."""
    with _guard:
        _pending[release_id, timezone.now().date()] += 1
    _start_flusher()


def _start_flusher() -> None:
    """One thread a process, made at the first download (and again after a fork).

    None where `DOWNLOAD_FLUSH_SECONDS` is 0: somebody calls `flush_downloads` there.
    """
    global _flusher  # noqa: PLW0603 -- one thread a process is the point
    is_running = _flusher is not None and _flusher[0] == os.getpid()
    if is_running or not settings.DOWNLOAD_FLUSH_SECONDS:
        return
    with _guard:
        if _flusher is None or _flusher[0] != os.getpid():
            thread = threading.Thread(target=_flush_often, name="download-counter", daemon=True)
            _flusher = (os.getpid(), thread)
            thread.start()
            atexit.register(_flush_last, thread)


def _flush_last(thread: threading.Thread) -> None:
    """Let the thread write what is pending before the process ends."""
    _stop.set()
    thread.join(timeout=5)


def _flush_often() -> None:
    while not _stop.wait(settings.DOWNLOAD_FLUSH_SECONDS):
        try:
            flush_downloads()
        except Exception:  # noqa: BLE001 -- logged; the counts are kept for the next round
            _log.exception("download_flush_failed")
        close_old_connections()
    flush_downloads()
    connection.close()


def flush_downloads() -> int:
    """Write what is pending; returns how many downloads. Failed writes are kept for next time."""
    global _pending
    with _guard:
        taken, _pending = _pending, Counter()
    if not taken:
        return 0
    try:
        _write(taken)
    except Exception:
        with _guard:
            _pending.update(taken)
        raise
    return taken.total()


def _write(taken: Counter[tuple[int, dt.date]]) -> None:
    """Releases first, then plugins, each by id.

    Publishing locks its two rows in the same order, and so does every other process that writes
    counts: no two can wait for each other.
    """
    plugins: Counter[int] = Counter()
    with transaction.atomic():
        for (release_id, day), count in sorted(taken.items()):
            rows = Release.objects.filter(pk=release_id)
            if not rows.update(downloads=F("downloads") + count):
                continue  # it was deleted since
            row, _ = DownloadCount.objects.get_or_create(release_id=release_id, day=day)
            DownloadCount.objects.filter(pk=row.pk).update(count=F("count") + count)
            plugins[rows.values_list("plugin_id", flat=True).get()] += count
        for plugin_id, count in sorted(plugins.items()):
            Plugin.objects.filter(pk=plugin_id).update(
                downloads=F("downloads") + count, weekly_downloads=F("weekly_downloads") + count
            )


def roll_up() -> int:
    """Set `weekly_downloads` to the sum of the last seven days; returns how many changed."""
    since = timezone.now().date() - dt.timedelta(days=6)
    sums = dict(
        DownloadCount.objects.filter(day__gte=since)
        .values_list("release__plugin")
        .annotate(total=Sum("count"))
    )
    changed: defaultdict[int, list[int]] = defaultdict(list)
    rows = Plugin.objects.exclude(weekly_downloads=0).values_list("id", "weekly_downloads")
    for plugin_id, current in rows.iterator(_ROLL_BATCH):
        if current != sums.get(plugin_id, 0):
            changed[sums.get(plugin_id, 0)].append(plugin_id)
    for total, ids in changed.items():
        # Most of them fall to the same number, none: those are written many at once.
        for batch in (ids[i : i + _ROLL_BATCH] for i in range(0, len(ids), _ROLL_BATCH)):
            Plugin.objects.filter(pk__in=batch).update(weekly_downloads=total)
    return sum(len(ids) for ids in changed.values())
