"""What changed between two JSON documents, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

MAX_DEPTH = 8


class Change(StrEnum):
    """How something differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"


class FieldChange(Struct, frozen=True):
    """One field: its dotted path and its values, None where there was or is none."""

    field: str
    change: Change
    before: Any
    after: Any


def compare_values(
    before: Mapping[str, Any], after: Mapping[str, Any], *, leave_out: frozenset[str] = frozenset()
) -> list[FieldChange]:
    """Every field that differs, by path. Lists count as a whole; `leave_out` names top fields."""
    ours = {key: value for key, value in before.items() if key not in leave_out}
    theirs = {key: value for key, value in after.items() if key not in leave_out}
    return list(_compare(ours, theirs, "", MAX_DEPTH))


def _compare(
    before: Mapping[str, Any], after: Mapping[str, Any], prefix: str, depth: int
) -> Iterator[FieldChange]:
    for key in sorted({*before, *after}):
        path = f"{prefix}{key}"
        if key not in before:
            yield FieldChange(path, Change.ADDED, None, after[key])
        elif key not in after:
            yield FieldChange(path, Change.REMOVED, before[key], None)
        elif _is_same(before[key], after[key]):
            continue
        elif depth and isinstance(before[key], Mapping) and isinstance(after[key], Mapping):
            yield from _compare(before[key], after[key], f"{path}.", depth - 1)
        else:
            yield FieldChange(path, Change.CHANGED, before[key], after[key])


def _is_same(before: object, after: object) -> bool:
    # In Python `1 == True`, which JSON tells apart.
    return before == after and isinstance(before, bool) == isinstance(after, bool)
