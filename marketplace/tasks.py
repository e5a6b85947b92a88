"""Celery tasks of the marketplace. They are idempotent; the database holds all state."""

from __future__ import annotations

import structlog
from celery import shared_task

from marketplace.search import indexer, query_log
from marketplace.search.errors import SearchUnavailableError

_log = structlog.get_logger("plugport.search")


@shared_task(name="marketplace.index_changes")
def index_changes() -> int:
    """Periodic: apply new journal entries to the search index, if no thread follows the journal."""
    try:
        return indexer.index_changes()
    except SearchUnavailableError as error:
        # The journal keeps the changes; the next run continues from the cursor.
        _log.warning("index_waits", reason=error.code, detail=error.detail)
        return 0


@shared_task(name="marketplace.forget_searches")
def delete_old_search_terms() -> int:
    """Periodic: delete old search terms."""
    return query_log.delete_old_terms()
