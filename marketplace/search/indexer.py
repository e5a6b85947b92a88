"""Writes the index along the journal: in order, in batches, at most up to what is committed.

The journal is the outbox: each change appends an entry in its own transaction, and serials have no
gaps. Documents are built from the plugin as it is now, so indexing an entry twice is harmless and
a killed process leaves nothing to repair.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import structlog
from django.utils import timezone

from marketplace.models import SearchCursor
from marketplace.search.cursor import Lease, acquire_lease, get_serial
from marketplace.search.document import (
    build_documents,
    iter_all_documents,
    iter_batches,
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
BATCH_SIZE = 1000
COUNTER_REFRESH_SECONDS = 300
_LEASE_POLL_SECONDS = 0.2


def index_changes() -> int:
    """Index the journal entries since the cursor; returns how many.

    Returns 0 if another process is indexing. Rebuilds a missing or damaged index. Raises
    `SearchUnavailableError` if the engine does not respond; the next call continues from there.
    """
    engine = get_engine()
    if not _has_work(engine):
        return 0
    try:
        with acquire_lease(engine.name) as lease:
            return _index_entries(engine, lease)
    except IndexBusyError:
        return 0


def _has_work(engine: SearchEngine) -> bool:
    # Reads only: every worker calls this once a second, and taking the lease is a write.
    if get_last_serial() > get_serial(engine.name) or _is_counter_refresh_due(engine):
        return True
    try:
        engine.ping()
    except (IndexMissingError, IndexDamagedError):
        return True
    return False


def _index_entries(engine: SearchEngine, lease: Lease) -> int:
    try:
        engine.ping()
    except (IndexMissingError, IndexDamagedError) as error:
        # A new registry has no index yet, which is no reason for a warning.
        is_first = isinstance(error, IndexMissingError) and not lease.serial
        log = _log.info if is_first else _log.warning
        log("index_rebuilding", reason=error.code, detail=error.detail)
        _rebuild(engine, lease)
    done = 0
    while entries := _list_entries(lease.serial):
        update_plugins(engine, list({name for _serial, name in entries}))
        # Only now: a process killed before this indexes the batch again.
        lease.advance(entries[-1][0])
        done += len(entries)
    if _is_counter_refresh_due(engine):
        _refresh_counters(engine, lease)
    return done


def _list_entries(after: int) -> list[tuple[int, str]]:
    entries = JournalEntry.objects.filter(serial__gt=after).order_by("serial")
    return list(entries.values_list("serial", "plugin")[:BATCH_SIZE])


def update_plugins(engine: SearchEngine, names: Iterable[str]) -> None:
    """Write the current documents of the listed plugins, and remove the others: 2 queries."""
    rows = list(Plugin.objects.filter(name__in=names).values_list("id", "is_listed"))
    # A plugin that is unlisted between the two queries has a later journal entry.
    documents = build_documents([number for number, is_listed in rows if is_listed])
    unlisted = [number for number, is_listed in rows if not is_listed]
    if documents:
        engine.index(documents)
    if unlisted:
        engine.remove(unlisted)


def rebuild(*, patience_seconds: float = 0) -> int:
    """Rebuild the index while searches use the old one; returns the number of documents.

    Raises `IndexBusyError` if another process holds the lease for longer than `patience_seconds`.
    """
    engine = get_engine()
    until = time.monotonic() + patience_seconds
    while True:
        try:
            with acquire_lease(engine.name) as lease:
                return _rebuild(engine, lease)
        except IndexBusyError:
            if time.monotonic() > until:
                raise
        time.sleep(_LEASE_POLL_SECONDS)


def _rebuild(engine: SearchEngine, lease: Lease) -> int:
    # Read the serial first: changes during the rebuild are indexed again afterwards, not missed.
    serial = get_last_serial()
    with lease.renew_in_background():
        count = engine.rebuild(iter_all_documents())
    lease.advance(serial)
    _log.info("index_rebuilt", engine=engine.name, documents=count, serial=serial)
    return count


def _is_counter_refresh_due(engine: SearchEngine) -> bool:
    """Whether the last refresh of download counts is more than `COUNTER_REFRESH_SECONDS` ago."""
    since = timezone.now() - dt.timedelta(seconds=COUNTER_REFRESH_SECONDS)
    return not SearchCursor.objects.filter(engine=engine.name, counted_at__gt=since).exists()


def _refresh_counters(engine: SearchEngine, lease: Lease) -> None:
    """Index plugins that were downloaded since the last refresh; downloads have no journal entry."""
    cursor = SearchCursor.objects.get(engine=engine.name)
    # Downloads during the refresh belong to the next one.
    started = timezone.now()
    # A new index has the current counts already.
    if cursor.counted_at is not None:
        changed = DownloadCount.objects.filter(day__gte=cursor.counted_at.date())
        names = changed.values_list("release__plugin__name", flat=True).distinct()
        for batch in iter_batches(names.iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
            update_plugins(engine, batch)
            lease.renew()
    SearchCursor.objects.filter(engine=engine.name).update(counted_at=started)


def get_last_serial() -> int:
    """The last serial of the journal; 0 if it is empty."""
    head = JournalHead.objects.values_list("last_serial", flat=True).first()
    return head or 0


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The index compared with the database. `error` and `hint` say why it cannot be compared."""

    engine: str
    serial: int
    head: int
    indexed_at: dt.datetime | None
    listed: int
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
    listed = {
        number: to_milliseconds(updated)
        for number, updated in Plugin.objects.filter(is_listed=True)
        .values_list("id", "updated_at")
        .iterator()
    }
    status = IndexStatus(
        engine=engine.name,
        serial=cursor.serial if cursor else 0,
        head=get_last_serial(),
        indexed_at=cursor.indexed_at if cursor else None,
        listed=len(listed),
    )
    try:
        engine.ping()
        indexed = dict(engine.iter_stamps())
    except SearchUnavailableError as error:
        return replace(status, error=error.detail, hint=error.hint or "")
    return replace(
        status,
        documents=len(indexed),
        missing=len(listed.keys() - indexed.keys()),
        surplus=len(indexed.keys() - listed.keys()),
        outdated=sum(listed[n] != indexed[n] for n in listed.keys() & indexed.keys()),
    )
