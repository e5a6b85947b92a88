"""What people search for and do not find, for operators (SRCH-4). Nobody is named.

A search adds to a count in memory; a thread writes the counts every few seconds, one row a day,
term and set of filters. A process that is killed loses the counts of those seconds.
"""

from __future__ import annotations

import atexit
import datetime as dt
import os
import threading
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import F
from django.utils import timezone

from marketplace.models import SearchTerm
from marketplace.models.search import FILTER_CHARS, TERM_CHARS
from marketplace.search.query import SearchQuery

_log = structlog.get_logger("plugport.search")
# Whoever invents terms fills no table: what is new beyond this many between two writes is dropped.
_MOST_PENDING = 2000
KEPT_DAYS = 400


@dataclass
class _Count:
    searches: int = 0
    failed: int = 0
    results: int = 0
    clicks: int = 0
    rank_sum: int = 0


_Key = tuple[dt.date, str, str]
_guard = threading.Lock()
_pending: dict[_Key, _Count] = {}
_flusher: tuple[int, threading.Thread] | None = None
_stop = threading.Event()


def record_search(query: SearchQuery, results: int) -> None:
    """Note one search and how many plugins it found."""
    count = _get_count(query)
    if count is not None:
        count.searches += 1
        count.failed += results == 0
        count.results = results


def record_click(query: SearchQuery, rank: int) -> None:
    """Note that the plugin at place `rank` (from 1) of the results of the query was chosen."""
    count = _get_count(query)
    if count is not None:
        count.clicks += 1
        count.rank_sum += max(1, rank)


def normalise_term(text: str) -> str:
    """Terms that differ in case and spaces only are the same; no line breaks, not too long."""
    return " ".join(text.casefold().split())[:TERM_CHARS]


def write_filters(query: SearchQuery) -> str:
    """The filters as `tag=chat type=bridge`, in a fixed order."""
    chosen = {name: value for name, value in query.filters.items() if value}
    if query.is_verified is not None:
        chosen["verified"] = "true" if query.is_verified else "false"
    return " ".join(f"{name}={value}" for name, value in sorted(chosen.items()))[:FILTER_CHARS]


def _get_count(query: SearchQuery) -> _Count | None:
    term = normalise_term(query.text)
    if not term:
        return None
    key = (timezone.now().date(), term, write_filters(query))
    with _guard:
        if key not in _pending and len(_pending) >= _MOST_PENDING:
            return None
        count = _pending.setdefault(key, _Count())
    _start_flusher()
    return count


def _start_flusher() -> None:
    """One thread a process; none where `SEARCH_FLUSH_SECONDS` is 0."""
    global _flusher  # noqa: PLW0603 -- one thread a process is the point
    is_running = _flusher is not None and _flusher[0] == os.getpid()
    if is_running or not settings.SEARCH_FLUSH_SECONDS:
        return
    with _guard:
        if _flusher is None or _flusher[0] != os.getpid():
            thread = threading.Thread(target=_flush_often, name="search-recorder", daemon=True)
            _flusher = (os.getpid(), thread)
            thread.start()
            atexit.register(_stop.set)


def _flush_often() -> None:
    while not _stop.wait(settings.SEARCH_FLUSH_SECONDS):
        try:
            flush_searches()
        except Exception:  # noqa: BLE001 -- logged; what people searched for is not worth more
            _log.exception("search_record_failed")
        close_old_connections()
    connection.close()


def flush_searches() -> int:
    """Write what is pending; returns how many terms. What cannot be written is dropped."""
    global _pending
    with _guard:
        taken, _pending = _pending, {}
    if not taken:
        return 0
    with transaction.atomic():
        for (day, term, filters), count in sorted(taken.items()):
            row, _ = SearchTerm.objects.get_or_create(day=day, term=term, filters=filters)
            changed: dict[str, object] = {
                "searches": F("searches") + count.searches,
                "failed": F("failed") + count.failed,
                "clicks": F("clicks") + count.clicks,
                "rank_sum": F("rank_sum") + count.rank_sum,
            }
            if count.searches:
                changed["results"] = count.results
            SearchTerm.objects.filter(pk=row.pk).update(**changed)
    return len(taken)


def forget_old() -> int:
    """Delete what is older than `KEPT_DAYS`; returns how many rows."""
    before = timezone.now().date() - dt.timedelta(days=KEPT_DAYS)
    return SearchTerm.objects.filter(day__lt=before).delete()[0]
