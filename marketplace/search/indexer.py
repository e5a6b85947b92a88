"""The index follows the journal: in order, in batches, never further than what is written.

The journal is the outbox: each change appends to it in its own transaction, without gaps. What is
put into the index is built from the plugin as it is now, so to do it twice does no harm, and
whoever is killed half-way leaves nothing to repair.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

import structlog
from django.utils import timezone

from marketplace.models import SearchCursor
from marketplace.search.cursor import Lease, get_serial, hold_lease
from marketplace.search.document import (
    build_all_documents,
    build_documents,
    to_milliseconds,
)
from marketplace.search.engines import get_engine
from marketplace.search.engines.base import SearchEngine
from marketplace.search.errors import (
    IndexBusyError,
    IndexDamagedError,
    IndexMissingError,
    SearchUnavailableError,
)
from registry.models import DownloadCount, JournalEntry, JournalHead, Plugin

_log = structlog.get_logger("plugport.search")
BATCH = 1000
COUNT_SECONDS = 300
_LOOK_SECONDS = 0.2


def index_changes() -> int:
    """Bring the index up to the journal; returns how many entries were followed.

    0 where another process is at it. Makes the index anew if it is missing or damaged. Raises
    `SearchUnavailableError` if the engine does not answer: the next call goes on from there.
    """
    engine = get_engine()
    if not _has_work(engine):
        return 0
    try:
        with hold_lease(engine.name) as lease:
            return _follow(engine, lease)
    except IndexBusyError:
        return 0


def _has_work(engine: SearchEngine) -> bool:
    if get_head() > get_serial(engine.name) or _must_count(engine):
        return True
    try:
        engine.ping()
    except (IndexMissingError, IndexDamagedError):
        return True
    return False


def _follow(engine: SearchEngine, lease: Lease) -> int:
    try:
        engine.ping()
    except (IndexMissingError, IndexDamagedError) as error:
        # A registry that starts has no index yet; one that lost it has a fault to report.
        is_first = isinstance(error, IndexMissingError) and not lease.serial
        log = _log.info if is_first else _log.warning
        log("index_rebuilding", reason=error.code, detail=error.detail)
        _rebuild(engine, lease)
    done = 0
    while entries := _read_entries(lease.serial):
        update_plugins(engine, list({name for _serial, name in entries}))
        lease.advance(entries[-1][0])
        done += len(entries)
    if _must_count(engine):
        _refresh_counters(engine, lease)
    return done


def _read_entries(after: int) -> list[tuple[int, str]]:
    entries = JournalEntry.objects.filter(serial__gt=after).order_by("serial")
    return list(entries.values_list("serial", "plugin")[:BATCH])


def update_plugins(engine: SearchEngine, names: list[str]) -> None:
    """Put the plugins into the index as they are now, or take them out if they are not listed."""
    rows = Plugin.objects.filter(name__in=names).values_list("id", "is_listed")
    listed = [number for number, is_listed in rows if is_listed]
    gone = [number for number, is_listed in rows if not is_listed]
    documents = build_documents(listed)
    # Who was unlisted since the first query is in the journal again, behind what is read now.
    if documents:
        engine.index(documents)
    if gone:
        engine.remove(gone)


def rebuild(*, patience_seconds: float = 0) -> int:
    """Make the index anew while the old one answers; returns the number of documents.

    Raises `IndexBusyError` if another process writes and does not end within `patience_seconds`.
    """
    engine = get_engine()
    until = time.monotonic() + patience_seconds
    while True:
        try:
            with hold_lease(engine.name) as lease:
                return _rebuild(engine, lease)
        except IndexBusyError:
            if time.monotonic() > until:
                raise
        time.sleep(_LOOK_SECONDS)


def _rebuild(engine: SearchEngine, lease: Lease) -> int:
    # What changes from here on is followed afterwards, even if it is in the new index already.
    serial = get_head()
    with lease.keep_alive():
        count = engine.rebuild(build_all_documents())
    lease.advance(serial)
    _log.info("index_rebuilt", engine=engine.name, documents=count, serial=serial)
    return count


def _must_count(engine: SearchEngine) -> bool:
    """Whether download counters were put into the index too long ago."""
    since = timezone.now() - dt.timedelta(seconds=COUNT_SECONDS)
    return not SearchCursor.objects.filter(engine=engine.name, counted_at__gt=since).exists()


def _refresh_counters(engine: SearchEngine, lease: Lease) -> None:
    """Put in anew what was downloaded since the last time: counting is not in the journal."""
    cursor = SearchCursor.objects.get(engine=engine.name)
    started = timezone.now()
    if cursor.counted_at is not None:
        changed = DownloadCount.objects.filter(day__gte=cursor.counted_at.date())
        names = changed.values_list("release__plugin__name", flat=True).distinct()
        batch: list[str] = []
        for name in names.iterator(chunk_size=BATCH):
            batch.append(name)
            if len(batch) == BATCH:
                update_plugins(engine, batch)
                lease.renew()
                batch = []
        if batch:
            update_plugins(engine, batch)
    SearchCursor.objects.filter(engine=engine.name).update(counted_at=started)


def get_head() -> int:
    """The last serial of the journal."""
    head = JournalHead.objects.values_list("last_serial", flat=True).first()
    return head or 0


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How the index stands to the database. `fault` says why it cannot be compared."""

    engine: str
    serial: int
    head: int
    indexed_at: dt.datetime | None
    listed: int
    documents: int = 0
    missing: int = 0
    surplus: int = 0
    outdated: int = 0
    fault: str = ""

    @property
    def lag(self) -> int:
        """Journal entries that the index has not followed yet."""
        return self.head - self.serial

    @property
    def drift(self) -> int:
        """Plugins that are missing in the index, should not be there, or are out of date there."""
        return self.missing + self.surplus + self.outdated


def measure() -> IndexStatus:
    """Compare every document with its plugin. Never raises for a broken engine."""
    engine = get_engine()
    cursor = SearchCursor.objects.filter(engine=engine.name).first()
    serial, indexed_at = (cursor.serial, cursor.indexed_at) if cursor else (0, None)
    listed = {
        number: to_milliseconds(updated)
        for number, updated in Plugin.objects.filter(is_listed=True)
        .values_list("id", "updated_at")
        .iterator()
    }
    status = IndexStatus(engine.name, serial, get_head(), indexed_at, len(listed))
    try:
        engine.ping()
        indexed = dict(engine.read_stamps())
    except SearchUnavailableError as error:
        return IndexStatus(
            status.engine, serial, status.head, indexed_at, len(listed), fault=error.detail
        )
    return IndexStatus(
        engine=status.engine,
        serial=serial,
        head=status.head,
        indexed_at=indexed_at,
        listed=len(listed),
        documents=len(indexed),
        missing=len(listed.keys() - indexed.keys()),
        surplus=len(indexed.keys() - listed.keys()),
        outdated=sum(listed[n] != indexed[n] for n in listed.keys() & indexed.keys()),
    )
