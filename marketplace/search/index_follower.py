"""Keeps the search index up to date while the worker runs other jobs.

A thread of each worker process checks the journal once a second, and immediately after this
process appended to it. So a published plugin is searchable a moment later, even while the worker
checks the next package, and no queue message is needed. All processes may follow at once: the
lease of the index admits one writer at a time. The same thread compares the whole index with the
plugins when the worker starts, and once a day.
"""

from __future__ import annotations

import time
from typing import Any

import structlog

from common.background import BackgroundThread
from marketplace.search import comparison, indexer
from marketplace.search.errors import IndexBusyError, SearchUnavailableError

_log = structlog.get_logger("plugport.search")
POLL_SECONDS = 1.0
RETRY_SECONDS = 5.0
# Workers that start together compare once.
START_INTERVAL_SECONDS = 60.0
DAILY_INTERVAL_SECONDS = 86400.0
COMPARISON_TRY_SECONDS = 600.0
# A round costs four commits, however many changes it indexes.
BATCH_DELAY_SECONDS = 0.2


def start() -> None:
    """Start following in this process, unless it already does."""
    _follower.start()


def on_journal_appended(**_kwargs: Any) -> None:
    """Index at once what this process appended to the journal, if it follows.

    Other processes get no message: they poll every second, and an edit must not wait for a queue
    that does not respond.
    """
    _follower.wake()


class _Comparison:
    """Compares the whole index when this process starts, and once a day."""

    def __init__(self) -> None:
        self._interval_seconds = START_INTERVAL_SECONDS
        self._next_try_at = 0.0

    def run_if_due(self) -> None:
        """Compare, unless another worker has done it. Raises `SearchUnavailableError`."""
        if time.monotonic() < self._next_try_at:
            return
        try:
            comparison.repair_index(interval_seconds=self._interval_seconds)
        except IndexBusyError:
            self._next_try_at = time.monotonic() + RETRY_SECONDS
            return
        self._interval_seconds = DAILY_INTERVAL_SECONDS
        self._next_try_at = time.monotonic() + COMPARISON_TRY_SECONDS


def _index_changes() -> float | None:
    """Index the new journal entries; returns a longer pause while the engine is unavailable."""
    try:
        indexer.index_changes()
        _comparison.run_if_due()
    except SearchUnavailableError as error:
        _log.warning("index_waits", reason=error.code, detail=error.detail, hint=error.hint)
        return RETRY_SECONDS
    return None


_comparison = _Comparison()
_follower = BackgroundThread(
    "search-follower",
    _index_changes,
    error_event="index_failed",
    interval_seconds=POLL_SECONDS,
    retry_seconds=RETRY_SECONDS,
    wake_delay_seconds=BATCH_DELAY_SECONDS,
    runs_at_start=True,
)
