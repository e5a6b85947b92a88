"""What people search for and do not find, for operators (SRCH-4). Nobody is named.

A search adds to a count in memory; a thread writes the counts every few seconds, one row a day,
term and set of filters. A process that is killed loses the counts of those seconds.
"""

from __future__ import annotations

import atexit
import datetime as dt
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import Q
from django.utils import timezone

from marketplace.models import SearchTerm
from marketplace.models.search import FILTER_CHARS, TERM_CHARS
from marketplace.search.query import SearchQuery

_log = structlog.get_logger("plugport.search")
# Whoever invents terms fills neither memory nor table. Of what is new, so many are taken between
# two writes of a process, and so many a day in all; what is known already always counts.
_MOST_PENDING = 2000
MOST_A_DAY = 5000
KEPT_DAYS = 400
# What only one search of a day was for says little after that, and is most of the rows.
KEPT_DAYS_ONCE = 30
_ROWS = 500
_TABLE = SearchTerm._meta.db_table  # noqa: SLF001 -- Django's documented door to tables
# `results` are those of the last search, and a choice alone is none.
_ADD = f"""
    INSERT INTO {_TABLE} (day, term, filters, searches, failed, results, clicks, rank_sum)
    VALUES {{}}
    ON CONFLICT (day, term, filters) DO UPDATE SET
        searches = {_TABLE}.searches + excluded.searches,
        failed = {_TABLE}.failed + excluded.failed,
        results = CASE WHEN excluded.searches > 0 THEN excluded.results ELSE {_TABLE}.results END,
        clicks = {_TABLE}.clicks + excluded.clicks,
        rank_sum = {_TABLE}.rank_sum + excluded.rank_sum
"""  # noqa: S608 -- the name of our table


@dataclass
class _Count:
    searches: int = 0
    failed: int = 0
    results: int = 0
    clicks: int = 0
    rank_sum: int = 0

    def add(self, other: _Count) -> None:
        """Count what the other has, too; the number of results is that of the last search."""
        if other.searches:
            self.results = other.results
        self.searches += other.searches
        self.failed += other.failed
        self.clicks += other.clicks
        self.rank_sum += other.rank_sum


_Key = tuple[dt.date, str, str]
_Row = tuple[_Key, _Count]
_guard = threading.Lock()
_pending: dict[_Key, _Count] = {}
_flusher: tuple[int, threading.Thread] | None = None
_stop = threading.Event()


def record_search(query: SearchQuery, results: int) -> None:
    """Note one search and how many plugins it found."""
    _add(query, _Count(searches=1, failed=int(results == 0), results=results))


def record_click(query: SearchQuery, rank: int) -> None:
    """Note that the plugin at place `rank` (from 1) of the results of the query was chosen."""
    _add(query, _Count(clicks=1, rank_sum=max(1, rank)))


def normalise_term(text: str) -> str:
    """Terms that differ in case and spaces only are the same; no line breaks, not too long."""
    return " ".join(text.casefold().split())[:TERM_CHARS]


def write_filters(query: SearchQuery) -> str:
    """The filters as `tag=chat type=bridge`, in a fixed order."""
    chosen = {name: value for name, value in query.filters.items() if value}
    if query.is_verified is not None:
        chosen["verified"] = "true" if query.is_verified else "false"
    return " ".join(f"{name}={value}" for name, value in sorted(chosen.items()))[:FILTER_CHARS]


def _add(query: SearchQuery, seen: _Count) -> None:
    term = normalise_term(query.text)
    if not term:
        return
    key = (timezone.now().date(), term, write_filters(query))
    # All of it under the guard: what is added to a count that was just taken away is lost.
    with _guard:
        if key in _pending:
            _pending[key].add(seen)
        elif len(_pending) < _MOST_PENDING:
            _pending[key] = seen
    _start_flusher()


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
    """Write what is pending: 2 queries a day that it is of. Returns how many terms were written.

    What cannot be written is dropped, and so are new terms beyond `MOST_A_DAY`.
    """
    global _pending
    with _guard:
        taken, _pending = _pending, {}
    if not taken:
        return 0
    written = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for day, of_day in groupby(sorted(taken.items()), key=lambda row: row[0][0]):
            rows = _keep_in_bounds(day, list(of_day))
            for start in range(0, len(rows), _ROWS):
                _add_counts(cursor, rows[start : start + _ROWS])
            written += len(rows)
    return written


def _keep_in_bounds(day: dt.date, rows: list[_Row]) -> list[_Row]:
    """The rows that the day still takes: 1 query, a few more when it is full.

    Processes that write at the same moment may together go a little beyond it.
    """
    stored = SearchTerm.objects.filter(day=day)
    room = MOST_A_DAY - stored.count()
    if room >= len(rows):
        return rows
    known: set[tuple[str, str]] = set()
    for start in range(0, len(rows), _ROWS):
        terms = [term for (_day, term, _filters), _count in rows[start : start + _ROWS]]
        known.update(stored.filter(term__in=terms).values_list("term", "filters"))
    new = [row for row in rows if row[0][1:] not in known]
    new.sort(key=lambda row: -row[1].searches)
    kept = {key for key, _count in new[: max(0, room)]}
    return [row for row in rows if row[0] in kept or row[0][1:] in known]


def _add_counts(cursor: Any, rows: Sequence[_Row]) -> None:
    """One statement, whatever is there already. In order, so that two processes do not lock."""
    values = [
        (*key, count.searches, count.failed, count.results, count.clicks, count.rank_sum)
        for key, count in rows
    ]
    places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(values))
    cursor.execute(_ADD.format(places), [value for row in values for value in row])


def forget_old() -> int:
    """Delete what is older than `KEPT_DAYS`, or `KEPT_DAYS_ONCE` if it was only one search.

    Returns how many rows.
    """
    today = timezone.now().date()
    is_old = Q(day__lt=today - dt.timedelta(days=KEPT_DAYS))
    was_once = Q(day__lt=today - dt.timedelta(days=KEPT_DAYS_ONCE), searches__lte=1, clicks=0)
    return SearchTerm.objects.filter(is_old | was_once).delete()[0]
