"""Keeps the search index up to date while the worker runs other jobs.

A thread of each worker process checks the journal once a second, and immediately after this
process appended to it. So a published plugin is searchable a moment later, even while the worker
checks the next package, and no queue message is needed. All processes may follow at once: the
lease of the index admits one writer at a time. The same thread compares the whole index with the
plugins when the worker starts, and once a day.
"""

from __future__ import annotations

from typing import Any

import structlog

from common.background import BackgroundThread
from marketplace.search import comparison, indexer
from marketplace.search.errors import SearchUnavailableError

_log = structlog.get_logger("plugport.search")
POLL_SECONDS = 1.0
RETRY_SECONDS = 5.0
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


def _index_changes() -> float | None:
    """Index the new journal entries; returns a longer pause while the engine is unavailable."""
    try:
        indexer.index_changes()
        _comparison.run_if_due()
    except SearchUnavailableError as error:
        _log.warning("index_waits", reason=error.code, detail=error.detail, hint=error.hint)
        return RETRY_SECONDS
    return None


_comparison = comparison.PeriodicComparison()
_follower = BackgroundThread(
    "search-follower",
    _index_changes,
    error_event="index_failed",
    interval_seconds=POLL_SECONDS,
    retry_seconds=RETRY_SECONDS,
    wake_delay_seconds=BATCH_DELAY_SECONDS,
    runs_at_start=True,
)
