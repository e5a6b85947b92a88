"""The catalogue's data structure. Knows nothing of databases; not safe for threads by itself."""

from __future__ import annotations

import bisect
import heapq
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, islice
from typing import Any

from registry.catalogue.filter import Facet, Line, PluginFilter
from registry.catalogue.slotset import SlotSet, make_flags

_VERIFIED = ("verified", "official")
# Fewer changed counters than this are moved one by one; for more, sorting anew is faster.
_FEW_CHANGES = 500
# So many matches are sorted faster than they are met on a walk over all plugins in order.
_FEW_MATCHES = 2000
_NOBODY: SlotSet = SlotSet()


@dataclass(frozen=True, slots=True)
class Found:
    """The ids of one page, and how many plugins match."""

    ids: Sequence[int]
    total: int


class CatalogueIndex:
    """Every listed plugin in a slot of its own; lists, orders and sets speak of slots.

    A slot whose plugin has gone is used again. Everything but `find` and the counts takes time
    in proportion to what changed.
    """

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._ids = array("q")
        self._names: list[str] = []
        self._texts: list[str] = []
        self._downloads = array("q")
        self._ratings = array("d")
        self._updated = array("d")
        self._facets: list[tuple[tuple[Facet, str], ...]] = []
        self._members: dict[tuple[Facet, str], SlotSet] = {}
        self._listed = SlotSet()
        # Any: the keys of one order compare with each other, those of two do not.
        self._keys: Mapping[str, Callable[[int], Any]] = {
            "downloads": lambda slot: (-self._downloads[slot], self._ids[slot]),
            "rating": lambda slot: (-self._ratings[slot], self._ids[slot]),
            "recent": lambda slot: (-self._updated[slot], self._ids[slot]),
            "name": lambda slot: self._names[slot],
        }
        self._orders: dict[str, list[int]] = {sort: [] for sort in self._keys}
        self._load(lines)

    def _load(self, lines: Iterable[Line]) -> None:
        """Everything at once: each set and order is built whole, not member by member."""
        members: defaultdict[tuple[Facet, str], list[int]] = defaultdict(list)
        for line in lines:
            slot = self._write(line)
            for key in line.facets:
                members[key].append(slot)
        slots = list(self._slots.values())
        self._listed = SlotSet(slots)
        self._members = {key: SlotSet(found) for key, found in members.items()}
        for sort in self._orders:
            self._sort(sort, slots)

    def _sort(self, sort: str, slots: Iterable[int]) -> None:
        self._orders[sort] = sorted(slots, key=self._keys[sort])

    def _write(self, line: Line) -> int:
        """Put the line's values into a free slot, or a new one."""
        if not self._free:
            self._free.append(len(self._names))
            self._ids.append(0)
            self._downloads.append(0)
            self._ratings.append(0.0)
            self._updated.append(0.0)
            self._names.append("")
            self._texts.append("")
            self._facets.append(())
        slot = self._free.pop()
        self._slots[line.name] = slot
        self._ids[slot], self._names[slot], self._texts[slot] = line.id, line.name, line.text
        self._downloads[slot], self._ratings[slot] = line.downloads, line.rating
        self._updated[slot], self._facets[slot] = line.updated_at, line.facets
        return slot

    def put(self, line: Line) -> None:
        """Take a plugin in, or its new values."""
        self.drop(line.name)
        slot = self._write(line)
        self._listed.add(slot)
        for key in line.facets:
            self._members.setdefault(key, SlotSet()).add(slot)
        for sort in self._orders:
            self._enter(sort, slot)

    def drop(self, name: str) -> None:
        """Forget a plugin; one that is not in is no error."""
        slot = self._slots.pop(name, None)
        if slot is None:
            return
        for sort in self._orders:
            self._leave(sort, slot)
        for key in self._facets[slot]:
            self._members[key].discard(slot)
            if not self._members[key]:
                del self._members[key]
        self._listed.discard(slot)
        self._names[slot] = self._texts[slot] = ""
        self._facets[slot] = ()
        self._free.append(slot)

    def _enter(self, sort: str, slot: int) -> None:
        key = self._keys[sort]
        order = self._orders[sort]
        order.insert(bisect.bisect_left(order, key(slot), key=key), slot)

    def _leave(self, sort: str, slot: int) -> None:
        """Keys are unique, so the slot is where its key would go."""
        key = self._keys[sort]
        order = self._orders[sort]
        del order[bisect.bisect_left(order, key(slot), key=key)]

    def recount(self, counters: Iterable[tuple[str, int, float]]) -> None:
        """Take in downloads and rating of plugins by name, where they have changed."""
        changed = [
            (slot, downloads, rating)
            for name, downloads, rating in counters
            if (slot := self._slots.get(name)) is not None
            and (self._downloads[slot], self._ratings[slot]) != (downloads, rating)
        ]
        are_few = len(changed) <= _FEW_CHANGES
        for slot, downloads, rating in changed:
            for sort in ("downloads", "rating") if are_few else ():
                self._leave(sort, slot)
            self._downloads[slot], self._ratings[slot] = downloads, rating
            for sort in ("downloads", "rating") if are_few else ():
                self._enter(sort, slot)
        for sort in () if are_few else ("downloads", "rating"):
            self._sort(sort, self._orders[sort])

    def __len__(self) -> int:
        return len(self._slots)

    def find(self, wanted: PluginFilter) -> Found:
        """One page of what matches. `sort` is one of `SORTS`."""
        sort = "downloads" if wanted.sort == "relevance" else wanted.sort
        order = self._orders[sort]
        start, stop = wanted.start, wanted.start + wanted.limit
        bits = self._narrow(wanted)
        if bits is None and not wanted.words:
            return Found([self._ids[slot] for slot in order[start:stop]], len(order))
        flags = make_flags(self._listed.bits if bits is None else bits, len(self._names))
        if wanted.words:
            flags = self._look_for(wanted.words, flags)
        total = flags.count(1)
        if total <= _FEW_MATCHES:
            few = compress(range(len(flags)), flags)
            page: Iterable[int] = sorted(few, key=self._keys[sort])[start:stop]
        else:
            page = islice(compress(order, map(flags.__getitem__, order)), start, stop)
        return Found([self._ids[slot] for slot in page] if start < total else [], total)

    def _narrow(self, wanted: PluginFilter) -> int | None:
        """The bits of the plugins that have all the facets, None if none is asked for."""
        found = [self._members.get(key, _NOBODY).bits for key in wanted.facets]
        if wanted.verified is not None:
            good = 0
            for trust in _VERIFIED:
                good |= self._members.get(("trust", trust), _NOBODY).bits
            found.append(good if wanted.verified else self._listed.bits & ~good)
        if not found:
            return None
        bits = found[0]
        for more in found[1:]:
            bits &= more
        return bits

    def _look_for(self, words: Sequence[str], flags: bytes) -> bytes:
        """Narrow the flags to texts that have every word in them."""
        texts = self._texts
        slots: Iterable[int] = compress(range(len(texts)), flags)
        for word in words:
            slots = [slot for slot in slots if word in texts[slot]]
        found = bytearray(len(texts))
        for slot in slots:
            found[slot] = 1
        return bytes(found)

    def count_values(self, facet: Facet, most: int | None = None) -> list[tuple[str, int]]:
        """The values of a facet with their numbers of plugins, largest first, then by name."""
        counted = self._count(facet)
        if most is None:
            return sorted(counted, key=_by_count)
        return heapq.nsmallest(most, counted, key=_by_count)

    def _count(self, facet: Facet) -> Iterator[tuple[str, int]]:
        return (
            (value, len(found)) for (name, value), found in self._members.items() if name == facet
        )


def _by_count(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]
