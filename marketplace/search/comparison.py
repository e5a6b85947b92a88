"""Compares all documents of the index with the plugins, and repairs the differences.

The journal leads to every change. This finds what it cannot: documents that the engine lost, that
somebody removed, or that were restored from elsewhere. Ids are compared in windows, so the memory does
not grow with the catalog.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import structlog
from django.db.models import Max

from marketplace.models import SearchCursor
from marketplace.search import indexer
from marketplace.search.cursor import (
    Lease,
    acquire_lease,
    is_comparison_due,
    record_comparison,
)
from marketplace.search.document import build_documents, iter_batches, to_milliseconds
from marketplace.search.engines import get_engine
from marketplace.search.engines.base import MAX_STAMPS, SearchEngine
from marketplace.search.errors import IndexBusyError, SearchUnavailableError
from marketplace.search.position import get_last_serial, is_in_journal
from registry.models import Plugin

_log = structlog.get_logger("plugport.search")
# Workers that start together compare once.
START_INTERVAL_SECONDS = 60.0
DAILY_INTERVAL_SECONDS = 86_400.0
# The worker that compared yesterday may be gone, so all of them try.
TRY_SECONDS = 600.0
_BUSY_SECONDS = 5.0
_WRITE_BATCH = 1000
_REBUILD_HINT = "A running worker rebuilds the index. Without one, run `manage.py search rebuild`."


@dataclass(frozen=True, slots=True)
class Differences:
    """The ids of plugins whose documents are missing, surplus or out of date."""

    missing: tuple[int, ...] = ()
    surplus: tuple[int, ...] = ()
    outdated: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """The number of all of them."""
        return len(self.missing) + len(self.surplus) + len(self.outdated)


def repair_index(*, interval_seconds: float = 0) -> int | None:
    """Compare all documents and repair the differences; returns how many there were.

    None if the last comparison, by any process, is less than `interval_seconds` ago. Raises
    `IndexBusyError` if another process writes, or another `SearchUnavailableError`.
    """
    engine = get_engine()
    if interval_seconds and not is_comparison_due(engine.name, interval_seconds=interval_seconds):
        return None
    with acquire_lease(engine.name) as lease:
        # Again: another process may have compared before this one had the lease.
        if interval_seconds and not is_comparison_due(
            engine.name, interval_seconds=interval_seconds
        ):
            return None
        indexer.follow_journal(engine, lease)
        differences = [*_iter_repaired(engine, lease)]
        repaired = sum(item.count for item in differences)
        record_comparison(engine.name, repaired=repaired)
    log = _log.warning if repaired else _log.info
    log(
        "index_repaired" if repaired else "index_compared",
        engine=engine.name,
        missing=sum(len(item.missing) for item in differences),
        surplus=sum(len(item.surplus) for item in differences),
        outdated=sum(len(item.outdated) for item in differences),
    )
    return repaired


def _iter_repaired(engine: SearchEngine, lease: Lease) -> Iterator[Differences]:
    last_id = _get_last_id()
    for first in range(0, last_id + 1, MAX_STAMPS):
        # A new plugin is not a difference, and must not wait for the end of the comparison.
        indexer.index_new_entries(engine, lease)
        if _compare(engine, first).count:
            # Again, without the plugins that changed between the two reads.
            indexer.index_new_entries(engine, lease)
            differences = _compare(engine, first)
            _repair(engine, differences)
            yield differences
        lease.renew()
    while lost := _find_surplus_after(engine, last_id):
        _repair(engine, lost)
        yield lost
        lease.renew()


def _compare(engine: SearchEngine, first: int) -> Differences:
    """Compare a window of ids: 1 query."""
    return _compare_stamps(_list_listed(first), engine.list_stamps(first, first + MAX_STAMPS - 1))


def _list_listed(first: int) -> dict[int, int]:
    rows = Plugin.objects.filter(is_listed=True, pk__range=(first, first + MAX_STAMPS - 1))
    return {
        number: to_milliseconds(updated) for number, updated in rows.values_list("pk", "updated_at")
    }


def _compare_stamps(listed: dict[int, int], indexed: dict[int, int]) -> Differences:
    return Differences(
        missing=tuple(sorted(listed.keys() - indexed.keys())),
        surplus=tuple(sorted(indexed.keys() - listed.keys())),
        outdated=tuple(
            n for n in sorted(listed.keys() & indexed.keys()) if listed[n] != indexed[n]
        ),
    )


def _find_surplus_after(engine: SearchEngine, last_id: int) -> Differences | None:
    """Documents of plugins that the database never had, such as those of a lost database."""
    ids = engine.list_stamps(last_id + 1, None).keys()
    listed = Plugin.objects.filter(is_listed=True, pk__in=ids).values_list("pk", flat=True)
    surplus = ids - set(listed)
    return Differences(surplus=tuple(sorted(surplus))) if surplus else None


def _get_last_id() -> int:
    return Plugin.objects.aggregate(last=Max("pk"))["last"] or 0


def _repair(engine: SearchEngine, differences: Differences) -> None:
    for ids in iter_batches((*differences.missing, *differences.outdated), _WRITE_BATCH):
        # Without those that were unlisted meanwhile.
        if documents := build_documents(ids):
            engine.index(documents)
    for ids in iter_batches(differences.surplus, _WRITE_BATCH):
        engine.remove(ids)


class PeriodicComparison:
    """Repairs the index when a process starts, and once a day. One of several workers does it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._interval_seconds = START_INTERVAL_SECONDS
        self._next_try_at = clock()

    def run_if_due(self) -> None:
        """Compare, unless another worker has done it. Raises `SearchUnavailableError`."""
        if self._clock() < self._next_try_at:
            return
        try:
            repair_index(interval_seconds=self._interval_seconds)
        except IndexBusyError:
            self._next_try_at = self._clock() + _BUSY_SECONDS
            return
        self._interval_seconds = DAILY_INTERVAL_SECONDS
        self._next_try_at = self._clock() + TRY_SECONDS


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The index compared with the database. `error` and `hint` say why it cannot be compared.

    `serial` is the position that the index itself stores.
    """

    engine: str
    head: int
    indexed_at: dt.datetime | None
    compared_at: dt.datetime | None
    repaired: int
    listed: int
    serial: int = 0
    documents: int = 0
    missing: int = 0
    surplus: int = 0
    outdated: int = 0
    error: str = ""
    hint: str = ""

    @property
    def lag(self) -> int:
        """The number of journal entries that are not indexed yet."""
        return self.head - self.serial

    @property
    def drift(self) -> int:
        """The number of plugins that are missing, surplus or out of date in the index."""
        return self.missing + self.surplus + self.outdated


def get_index_status() -> IndexStatus:
    """Compare every document with its plugin. Does not raise if the engine fails."""
    engine = get_engine()
    cursor = SearchCursor.objects.filter(engine=engine.name).first()
    status = IndexStatus(
        engine=engine.name,
        head=get_last_serial(),
        indexed_at=cursor.indexed_at if cursor else None,
        compared_at=cursor.compared_at if cursor else None,
        repaired=cursor.repaired if cursor else 0,
        listed=Plugin.objects.filter(is_listed=True).count(),
    )
    try:
        engine.ping()
        position = engine.get_position()
        if position is None or not is_in_journal(position):
            return replace(status, error=indexer.OTHER_JOURNAL, hint=_REBUILD_HINT)
        return _count_differences(engine, replace(status, serial=position.serial))
    except SearchUnavailableError as error:
        return replace(status, error=error.detail, hint=error.hint or "")


def _count_differences(engine: SearchEngine, status: IndexStatus) -> IndexStatus:
    last_id, indexed, missing, surplus, outdated = _get_last_id(), 0, 0, 0, 0
    for first in range(0, last_id + 1, MAX_STAMPS):
        stamps = engine.list_stamps(first, first + MAX_STAMPS - 1)
        differences = _compare_stamps(_list_listed(first), stamps)
        indexed += len(stamps)
        missing += len(differences.missing)
        surplus += len(differences.surplus)
        outdated += len(differences.outdated)
    documents = engine.count()
    return replace(
        status,
        documents=documents,
        missing=missing,
        # All others have ids that the database never had.
        surplus=surplus + max(0, documents - indexed),
        outdated=outdated,
    )
