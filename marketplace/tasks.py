"""The worker's tasks of the marketplace: thin, idempotent, and never the only memory of the work."""

from __future__ import annotations

import structlog
from celery import shared_task

from marketplace.search import indexer, recording
from marketplace.search.errors import SearchUnavailableError

_log = structlog.get_logger("plugport.search")


@shared_task(name="marketplace.index_changes")
def index_changes() -> int:
    """Periodic: bring the search index up to the journal, should nobody follow it."""
    try:
        return indexer.index_changes()
    except SearchUnavailableError as error:
        # The journal keeps what is to be done; the next round goes on from there.
        _log.warning("index_waits", reason=error.code, detail=error.detail)
        return 0


@shared_task(name="marketplace.forget_searches")
def forget_searches() -> int:
    """Periodic: delete what was searched for long ago."""
    return recording.forget_old()
