"""Keeping the catalogue of this process up to date with the database, by the journal."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import structlog
from django.db import connection

from registry.catalogue.filter import Facet, PluginFilter
from registry.catalogue.index import CatalogueIndex, Found
from registry.catalogue.reading import read_counters, read_lines
from registry.models import JournalEntry

# Counters change without the journal; orders by them follow at least this often.
RECOUNT_SECONDS = 60.0
# After more news than this everything is read anew, which is about as fast by then.
_MOST_NEWS = 1000
_log = structlog.get_logger("plugport.catalogue")


class _Entry(NamedTuple):
    """A journal entry as far as it matters here."""

    serial: int
    at: dt.datetime
    plugin: str


@cache
def get_catalogue() -> Catalogue:
    """The catalogue of this process."""
    return Catalogue()


def read_ahead() -> None:
    """Read the catalogue in a thread, so that nobody's first list waits: 2 s for 100,000 plugins."""
    threading.Thread(target=_read_ahead, name="catalogue-reader", daemon=True).start()


def _read_ahead() -> None:
    try:
        get_catalogue().count_plugins()
    except Exception as error:  # noqa: BLE001 -- whoever lists first tries again and is told
        _log.warning("catalogue_not_read", error=type(error).__name__)
    finally:
        connection.close()


class Catalogue:
    """An index, and the journal entry up to which it is true. Safe for threads."""

    def __init__(self) -> None:
        self._index: CatalogueIndex | None = None
        self._last: _Entry | None = None
        self._counted_at = 0.0
        # The index may be looked at or changed; it may be read for from the database.
        self._guard, self._reading, self._counting = (threading.Lock() for _ in range(3))

    def find(self, wanted: PluginFilter) -> Found:
        """One page of what matches: 1 query, and 3 more after a change or at the first call."""
        index = self._catch_up()
        with self._guard:
            return index.find(wanted)

    def count_values(self, facet: Facet, most: int | None = None) -> list[tuple[str, int]]:
        """The values of a facet with their numbers of plugins, largest first; queries as `find`."""
        index = self._catch_up()
        with self._guard:
            return index.count_values(facet, most)

    def count_plugins(self) -> int:
        """How many plugins are listed; queries as `find`."""
        return len(self._catch_up())

    def _catch_up(self) -> CatalogueIndex:
        """The index, no older than this call."""
        index = self._index
        if index is None or self._read_news() != []:
            with self._reading:
                index = self._read_changes()
        self._recount_if_due()
        return index

    def _read_news(self) -> Sequence[_Entry] | None:
        """The entries after the last one known: 1 query.

        None if they cannot be told: the last one known is not in the journal (a restored backup,
        another database), or too many came after it.
        """
        last = self._last
        known = JournalEntry.objects.filter(serial__gte=last.serial if last else 0)
        rows = known.order_by("serial").values_list("serial", "at", "plugin")
        entries = [_Entry(*row) for row in rows[: _MOST_NEWS + 1]]
        if last is not None:
            if entries[:1] != [last]:
                return None
            del entries[0]
        return entries if len(entries) < _MOST_NEWS else None

    def _read_changes(self) -> CatalogueIndex:
        index = self._index
        news = self._read_news() if index is not None else None
        if index is None or news is None:
            return self._read_everything()
        names = {entry.plugin for entry in news}
        lines = {line.name: line for line in read_lines(names)} if names else {}
        with self._guard:
            for name in names:
                if name in lines:
                    index.put(lines[name])
                else:
                    index.drop(name)
            if news:
                self._last = news[-1]
        return index

    def _read_everything(self) -> CatalogueIndex:
        started = time.perf_counter()
        # The place in the journal first: what changes while the rows are read is then read again.
        entries = JournalEntry.objects.order_by("-serial").values_list("serial", "at", "plugin")
        last = next((_Entry(*row) for row in entries[:1]), None)
        index = CatalogueIndex(read_lines())
        with self._guard:
            self._index, self._last, self._counted_at = index, last, time.monotonic()
        seconds = round(time.perf_counter() - started, 2)
        _log.info("catalogue_read", plugins=len(index), duration_s=seconds)
        return index

    def _recount_if_due(self) -> None:
        """Read the counters in a thread of its own: no caller waits for them."""
        is_due = time.monotonic() - self._counted_at > RECOUNT_SECONDS
        if is_due and self._counting.acquire(blocking=False):
            threading.Thread(
                target=self._recount_aside, name="catalogue-counter", daemon=True
            ).start()

    def recount(self) -> None:
        """Bring orders by downloads and rating up to date: 1 query."""
        counters = list(read_counters())
        with self._guard:
            if self._index is not None:
                self._index.recount(counters)

    def _recount_aside(self) -> None:
        try:
            self.recount()
        except Exception:  # noqa: BLE001 -- logged; the order stays as it was until the next round
            _log.exception("recount_failed")
        finally:
            self._counted_at = time.monotonic()
            self._counting.release()
            connection.close()
