"""Download counts.

A download counts when a client has received every byte of a package, in one response or in ranges,
once per client, release and day (`receipts.py`). What was sent is kept in memory; a background
thread writes it every few seconds. A process that is killed loses the downloads of those seconds.
In return, a download never waits for a write.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from common.background import BackgroundThread
from registry.downloads.byte_ranges import merge_ranges
from registry.downloads.receipts import ReceiptKey, SentBytes, write_receipts
from registry.models import DownloadCount, Plugin, Release

_BATCH_SIZE = 1000
# Only a database that is unavailable for long lets so many clients wait.
_MAX_PENDING = 100_000
_log = structlog.get_logger("plugport.downloads")
_lock = threading.Lock()
_pending: dict[ReceiptKey, SentBytes] = {}


def record_sent_bytes(
    release_id: int, *, client: str, size_bytes: int, start: int, stop: int
) -> None:
    """Record that a client received the bytes from `start` to before `stop` of a package.

    `client` identifies it, see `get_client_network`. The record reaches the database a few seconds
    later. With `DOWNLOAD_FLUSH_SECONDS` 0 no thread runs, and the caller uses `flush_downloads`.
    """
    key = ReceiptKey(release_id, timezone.now().date(), client)
    with _lock:
        _add_pending({key: SentBytes(size_bytes, ((start, stop),))})
    if settings.DOWNLOAD_FLUSH_SECONDS:
        _flusher.start()


def _add_pending(sent: Mapping[ReceiptKey, SentBytes]) -> None:
    """Join with what is pending. The caller holds the lock."""
    for key, part in sent.items():
        earlier = _pending.get(key)
        if earlier is None and len(_pending) >= _MAX_PENDING:
            _log.warning("downloads_not_counted", pending=len(_pending))
            return
        ranges = (*(earlier.ranges if earlier else ()), *part.ranges)
        _pending[key] = SentBytes(part.size_bytes, tuple(merge_ranges(ranges)))


def flush_downloads() -> int:
    """Write what was sent; returns how many downloads counted. A failed write keeps it pending."""
    global _pending
    with _lock:
        sent, _pending = _pending, {}
    if not sent:
        return 0
    try:
        with transaction.atomic():
            counts = write_receipts(sent)
            write_counts(counts)
    except Exception:
        with _lock:
            _add_pending(sent)
        raise
    return counts.total()


def discard_downloads() -> None:
    """Discard what is pending without writing it."""
    with _lock:
        _pending.clear()


def _reset_after_fork() -> None:
    """Leave the parent's records to the parent: a child that wrote them too would count twice."""
    global _lock, _pending
    _lock, _pending = threading.Lock(), {}


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
            if not count:
                continue
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
