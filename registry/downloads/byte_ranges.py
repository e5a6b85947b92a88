"""Sets of bytes of a file, as sorted ranges that do not touch. A range ends before its `stop`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]

# Download managers use up to a few dozen connections. A client that requests every other byte must
# not make the server store each of them.
MAX_RANGES = 64


def merge_ranges(ranges: Iterable[Range]) -> list[Range]:
    """Return the union of ranges. Of more than `MAX_RANGES` separate ones, the first are kept."""
    merged: list[Range] = []
    for start, stop in sorted(ranges):
        if start >= stop:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], stop)
        else:
            merged.append((start, stop))
    return merged[:MAX_RANGES]


def is_complete(ranges: Iterable[Range], size_bytes: int) -> bool:
    """Whether merged ranges are the whole file."""
    return list(ranges) == [(0, size_bytes)]
