"""Writes the index along the journal: in order, in batches, at most up to what is committed.

The journal is the outbox: each change appends an entry in its own transaction, and serials have no
gaps. Documents are built from the plugin as it is now, so indexing an entry twice is harmless and
a killed process leaves nothing to repair.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable

import structlog
from django.utils import timezone

from marketplace.models import SearchCursor
from marketplace.search.cursor import Lease, acquire_lease, get_serial, record_comparison
from marketplace.search.document import build_documents, iter_all_documents, iter_batches
from marketplace.search.engines import get_engine
from marketplace.search.engines.base import SearchEngine
from marketplace.search.errors import (
    IndexBusyError,
    IndexDamagedError,
    IndexMissingError,
)
from marketplace.search.position import (
    START,
    build_position,
    get_last_serial,
    get_position_of,
    is_in_journal,
)
from registry.models import DownloadCount, JournalEntry, Plugin

_log = structlog.get_logger("plugport.search")
OTHER_JOURNAL = (
    "The index was written from another journal: the index or the database was restored."
)
BATCH_SIZE = 1000
COUNTER_REFRESH_SECONDS = 300
_LEASE_POLL_SECONDS = 0.2


def index_changes() -> int:
    """Index the journal entries since the cursor; returns how many.

    Returns 0 if another process is indexing. Rebuilds an index that is missing, damaged, or written
    from another journal. Raises
    `SearchUnavailableError` if the engine does not respond; the next call continues from there.
    """
    engine = get_engine()
    if not _has_work(engine):
        return 0
    try:
        with acquire_lease(engine.name) as lease:
            return follow_journal(engine, lease)
    except IndexBusyError:
        return 0


def _has_work(engine: SearchEngine) -> bool:
    # Reads only: every worker calls this once a second, and taking the lease is a write.
    serial = get_serial(engine.name)
    if get_last_serial() > serial or _is_counter_refresh_due(engine):
        return True
    try:
        engine.ping()
        position = engine.get_position()
    except (IndexMissingError, IndexDamagedError):
        return True
    return position is None or position.serial != serial or not is_in_journal(position)


def follow_journal(engine: SearchEngine, lease: Lease) -> int:
    """Make the index usable and index what is new; returns the number of journal entries."""
    _follow_index(engine, lease)
    done = index_new_entries(engine, lease)
    if _is_counter_refresh_due(engine):
        _refresh_counters(engine, lease)
    return done


def _follow_index(engine: SearchEngine, lease: Lease) -> None:
    """Make the index usable, and continue at its own position.

    The index or the database may have been restored from a backup. An older index of this journal
    is completed from its position; one of another journal is rebuilt.
    """
    try:
        engine.ping()
        position = engine.get_position()
    except (IndexMissingError, IndexDamagedError) as error:
        # A new registry has no index yet, which is no reason for a warning.
        is_first = isinstance(error, IndexMissingError) and not lease.serial
        log = _log.info if is_first else _log.warning
        log("index_rebuilding", reason=error.code, detail=error.detail)
        _rebuild(engine, lease)
        return
    if position is None or not is_in_journal(position):
        _log.warning("index_rebuilding", reason="other-journal", detail=OTHER_JOURNAL)
        # Until the new index is active, searches must not rely on the old one.
        engine.store_position(START)
        lease.follow(START)
        _rebuild(engine, lease)
    elif position.serial != lease.serial:
        if position.serial < lease.serial:
            _log.warning("index_outdated", indexed=position.serial, expected=lease.serial)
        lease.follow(position)


def index_new_entries(engine: SearchEngine, lease: Lease) -> int:
    """Index the journal entries since the position of the lease; returns how many."""
    done = 0
    while entries := _list_entries(lease.serial):
        update_plugins(engine, list({name for _serial, name, _at in entries}))
        serial, _name, at = entries[-1]
        # Only now: a process killed before this indexes the batch again. The index first, because a
        # search must never find it behind the cursor.
        engine.store_position(build_position(serial, at))
        lease.advance(serial)
        done += len(entries)
    return done


def _list_entries(after: int) -> list[tuple[int, str, dt.datetime]]:
    entries = JournalEntry.objects.filter(serial__gt=after).order_by("serial")
    return list(entries.values_list("serial", "plugin", "at")[:BATCH_SIZE])


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
    position = get_position_of(get_last_serial())
    with lease.renew_in_background():
        count = engine.rebuild(iter_all_documents(), position)
    lease.advance(position.serial)
    record_comparison(engine.name, repaired=0)
    _log.info("index_rebuilt", engine=engine.name, documents=count, serial=position.serial)
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
