"""Download counts.

A download adds to a counter in memory; a background thread writes the counters every few seconds.
A process that is killed loses the counts of those seconds. In return, a download never waits for
a write.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections import Counter, defaultdict

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from common.background import BackgroundThread
from registry.models import DownloadCount, Plugin, Release

_BATCH_SIZE = 1000
_lock = threading.Lock()
_pending: Counter[tuple[int, dt.date]] = Counter()


def record_download(release_id: int) -> None:
    """Count one download of the release; it reaches the database a few seconds later.

    With `DOWNLOAD_FLUSH_SECONDS` 0 no thread runs, and the caller uses `flush_downloads`.
    """
    with _lock:
        _pending[release_id, timezone.now().date()] += 1
    if settings.DOWNLOAD_FLUSH_SECONDS:
        _flusher.start()


def flush_downloads() -> int:
    """Write the pending counts; returns how many downloads. A failed write keeps them pending."""
    global _pending
    with _lock:
        counts, _pending = _pending, Counter()
    if not counts:
        return 0
    try:
        write_counts(counts)
    except Exception:
        with _lock:
            # `Counter.update` adds: downloads that were recorded during the write are kept.
            _pending.update(counts)
        raise
    return counts.total()


def discard_downloads() -> None:
    """Discard the pending counts without writing them."""
    with _lock:
        _pending.clear()


def _reset_after_fork() -> None:
    """Leave the parent's counts to the parent: a child that wrote them too would count twice."""
    global _lock, _pending
    _lock, _pending = threading.Lock(), Counter()


os.register_at_fork(after_in_child=_reset_after_fork)


def _run_flush() -> None:
    flush_downloads()


_flusher = BackgroundThread(
    "download-counter",
    _run_flush,
    error_event="download_flush_failed",
    interval_seconds=settings.DOWNLOAD_FLUSH_SECONDS,
    runs_at_exit=True,
)


def write_counts(counts: Counter[tuple[int, dt.date]]) -> None:
    """Add the counts, by release and day, to the tables in one transaction."""
    # Lock order: releases by id, then plugins by id. Publishing locks its release and plugin in the
    # same order, and so does every process that writes counts, so no two can deadlock.
    plugins: Counter[int] = Counter()
    with transaction.atomic():
        for (release_id, day), count in sorted(counts.items()):
            rows = Release.objects.filter(pk=release_id)
            if not rows.update(downloads=F("downloads") + count):
                continue  # the release was deleted in the meantime
            row, _ = DownloadCount.objects.get_or_create(release_id=release_id, day=day)
            DownloadCount.objects.filter(pk=row.pk).update(count=F("count") + count)
            plugins[rows.values_list("plugin_id", flat=True).get()] += count
        for plugin_id, count in sorted(plugins.items()):
            Plugin.objects.filter(pk=plugin_id).update(
                downloads=F("downloads") + count, weekly_downloads=F("weekly_downloads") + count
            )


def update_weekly_downloads() -> int:
    """Set `weekly_downloads` to the sum of the last seven days; returns how many plugins changed."""
    since = timezone.now().date() - dt.timedelta(days=6)
    sums = dict(
        DownloadCount.objects.filter(day__gte=since)
        .values_list("release__plugin")
        .annotate(total=Sum("count"))
    )
    changed: defaultdict[int, list[int]] = defaultdict(list)
    rows = Plugin.objects.exclude(weekly_downloads=0).values_list("id", "weekly_downloads")
    for plugin_id, current in rows.iterator(_BATCH_SIZE):
        if current != sums.get(plugin_id, 0):
            changed[sums.get(plugin_id, 0)].append(plugin_id)
    for total, ids in changed.items():
        # Most plugins drop to the same number, zero: one query writes a batch of them.
        for batch in (ids[i : i + _BATCH_SIZE] for i in range(0, len(ids), _BATCH_SIZE)):
            Plugin.objects.filter(pk__in=batch).update(weekly_downloads=total)
    return sum(len(ids) for ids in changed.values())
