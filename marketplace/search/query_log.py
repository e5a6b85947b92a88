"""Counts of searches for operators: what people search for and do not find (SRCH-4).

A search adds to a count in memory. A thread writes the counts every few seconds, one row for each
day, term and set of filters; a killed process loses the counts of those seconds. Nothing links a
search to a person.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from common.background import BackgroundThread
from marketplace.models import SearchTerm
from marketplace.models.search import FILTER_CHARS, TERM_CHARS
from marketplace.search.query import SearchQuery

# Invented terms must fill neither memory nor the table: limits for new terms of a process between
# two writes, and of a day. Known terms always count.
MAX_PENDING_TERMS = 2000
MAX_TERMS_PER_DAY = 5000
RETENTION_DAYS = 400
RECORD_PREFIX = "search:"
# Terms with a single search on a day are most of the rows and soon irrelevant.
SINGLE_SEARCH_RETENTION_DAYS = 30
_BATCH_ROWS = 500
_TABLE = SearchTerm._meta.db_table  # noqa: SLF001 -- Django documents `_meta`
# `results` is the number of the last search. A row with a click only is not a search.
_UPSERT_SQL = f"""
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
class _TermCounts:
    searches: int = 0
    failed: int = 0
    results: int = 0
    clicks: int = 0
    rank_sum: int = 0

    def add(self, other: _TermCounts) -> None:
        """Add the other counts, which are newer: `results` is the number of the last search."""
        if other.searches:
            self.results = other.results
        self.searches += other.searches
        self.failed += other.failed
        self.clicks += other.clicks
        self.rank_sum += other.rank_sum


_Key = tuple[dt.date, str, str]
_Row = tuple[_Key, _TermCounts]
_lock = threading.Lock()
_pending: dict[_Key, _TermCounts] = {}


def record_search(query: SearchQuery, results: int) -> None:
    """Count a search and its number of results."""
    _add_pending(query, _TermCounts(searches=1, failed=int(results == 0), results=results))


def build_record(query: SearchQuery, results: int) -> str:
    """The search as a text, from which `record_repeated_search` counts it again.

    It is ASCII, and at most about 1 kB long.
    """
    values = {"q": normalize_term(query.text), "in": render_filters(query), "results": results}
    return RECORD_PREFIX + urlencode(values)


def record_repeated_search(record: str, count: int) -> None:
    """Count a search with its record, `count` times. Raises `ValueError` for another text."""
    values = dict(parse_qsl(record.removeprefix(RECORD_PREFIX), keep_blank_values=True))
    if not record.startswith(RECORD_PREFIX) or values.keys() != {"q", "in", "results"}:
        raise ValueError(f"{record!r} is not the record of a search")
    term, filters, results = values["q"], values["in"], int(values["results"])
    if not (term == normalize_term(term) and len(filters) <= FILTER_CHARS):
        raise ValueError(f"{record!r} is too long")
    failed = 0 if results else count
    _add_counts(term, filters, _TermCounts(searches=count, failed=failed, results=results))


def record_click(query: SearchQuery, rank: int) -> None:
    """Count that a user chose the result with this rank (from 1)."""
    _add_pending(query, _TermCounts(clicks=1, rank_sum=max(1, rank)))


def normalize_term(text: str) -> str:
    """The term without case, repeated spaces and line breaks, cut to `TERM_CHARS`."""
    return " ".join(text.casefold().split())[:TERM_CHARS]


def render_filters(query: SearchQuery) -> str:
    """The filters as `tag=chat type=bridge`, in a fixed order."""
    chosen = {name: value for name, value in query.filters.items() if value}
    if query.is_verified is not None:
        chosen["verified"] = "true" if query.is_verified else "false"
    return " ".join(f"{name}={value}" for name, value in sorted(chosen.items()))[:FILTER_CHARS]


def _add_pending(query: SearchQuery, counts: _TermCounts) -> None:
    _add_counts(normalize_term(query.text), render_filters(query), counts)


def _add_counts(term: str, filters: str, counts: _TermCounts) -> None:
    if not term:
        return
    key = (timezone.now().date(), term, filters)
    # One lock for all: counts added to an object that a flush has already taken would be lost.
    with _lock:
        if key in _pending:
            _pending[key].add(counts)
        elif len(_pending) < MAX_PENDING_TERMS:
            _pending[key] = counts
    if settings.SEARCH_FLUSH_SECONDS:
        _flusher.start()


def flush_searches() -> int:
    """Write the pending counts: 2 queries for each day. Returns the number of terms written.

    Counts are dropped if the write fails, and so are new terms beyond `MAX_TERMS_PER_DAY`.
    """
    global _pending
    with _lock:
        counts, _pending = _pending, {}
    if not counts:
        return 0
    written = 0
    with transaction.atomic(), connection.cursor() as cursor:
        # Sorted, because two processes that lock rows in different orders deadlock.
        for day, day_rows in groupby(
            sorted(counts.items(), key=itemgetter(0)), key=lambda row: row[0][0]
        ):
            rows = _limit_new_terms(day, list(day_rows))
            for start in range(0, len(rows), _BATCH_ROWS):
                _write_counts(cursor, rows[start : start + _BATCH_ROWS])
            written += len(rows)
    return written


def discard_searches() -> None:
    """Discard the pending counts without writing them."""
    with _lock:
        _pending.clear()


def _reset_after_fork() -> None:
    """Leave the parent's counts to the parent: a child that wrote them too would count twice."""
    global _lock, _pending
    _lock, _pending = threading.Lock(), {}


os.register_at_fork(after_in_child=_reset_after_fork)


def _run_flush() -> None:
    flush_searches()


_flusher = BackgroundThread(
    "search-recorder",
    _run_flush,
    error_event="search_record_failed",
    interval_seconds=settings.SEARCH_FLUSH_SECONDS,
    runs_at_exit=True,
)


def _limit_new_terms(day: dt.date, rows: list[_Row]) -> list[_Row]:
    """The rows of known terms, and of new terms while the day has room: 1 query, more when full.

    Processes that write at the same moment may together exceed the limit a little.
    """
    stored = SearchTerm.objects.filter(day=day)
    room = MAX_TERMS_PER_DAY - stored.count()
    if room >= len(rows):
        return rows
    known: set[tuple[str, str]] = set()
    for start in range(0, len(rows), _BATCH_ROWS):
        terms = [term for (_day, term, _filters), _count in rows[start : start + _BATCH_ROWS]]
        known.update(stored.filter(term__in=terms).values_list("term", "filters"))
    new = [row for row in rows if row[0][1:] not in known]
    new.sort(key=lambda row: -row[1].searches)
    accepted = {key for key, _count in new[: max(0, room)]}
    return [row for row in rows if row[0] in accepted or row[0][1:] in known]


def _write_counts(cursor: Any, rows: Sequence[_Row]) -> None:
    """Insert or add to the rows with one statement."""
    values = [
        (*key, count.searches, count.failed, count.results, count.clicks, count.rank_sum)
        for key, count in rows
    ]
    places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(values))
    cursor.execute(_UPSERT_SQL.format(places), [value for row in values for value in row])


def list_terms(*, days: int, limit: int, is_missed: bool) -> Sequence[Mapping[str, Any]]:
    """The most frequent terms of the last `days`, or those most often without results: 1 query.

    Each has `term`, `total`, `missed`, `chosen` and `ranks` (the sum of the ranks of clicks).
    """
    since = timezone.now().date() - dt.timedelta(days=max(0, days))
    rows = (
        SearchTerm.objects.filter(day__gt=since)
        .values("term")
        .annotate(
            total=Sum("searches"),
            missed=Sum("failed"),
            chosen=Sum("clicks"),
            ranks=Sum("rank_sum"),
        )
    )
    order = "missed" if is_missed else "total"
    return list(rows.filter(**{f"{order}__gt": 0}).order_by(f"-{order}", "term")[: max(0, limit)])


def delete_old_terms() -> int:
    """Delete rows older than `RETENTION_DAYS`; returns how many.

    Rows with a single search and no click are deleted after `SINGLE_SEARCH_RETENTION_DAYS`.
    """
    today = timezone.now().date()
    is_old = Q(day__lt=today - dt.timedelta(days=RETENTION_DAYS))
    is_single = Q(
        day__lt=today - dt.timedelta(days=SINGLE_SEARCH_RETENTION_DAYS), searches__lte=1, clicks=0
    )
    return SearchTerm.objects.filter(is_old | is_single).delete()[0]
