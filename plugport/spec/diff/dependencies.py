"""Compare the dependencies of two releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from plugport.spec.diff.values import Change

GROUPS = ("plugins", "packages", "peer")


class DependencyChange(Struct, frozen=True):
    """A dependency that changed. `before` and `after` are ranges, or None if it was not listed."""

    group: str
    name: str
    change: Change
    before: str | None
    after: str | None


def compare_dependencies(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[DependencyChange]:
    """The changed rows of `dependencies`, sorted by name: plugins, then packages, then peers."""
    return [
        row
        for group in GROUPS
        for row in _compare_group(group, _get_ranges(before, group), _get_ranges(after, group))
    ]


def _get_ranges(dependencies: Mapping[str, Any], group: str) -> dict[str, str]:
    ranges = dependencies.get(group)
    return dict(ranges) if isinstance(ranges, Mapping) else {}


def _compare_group(
    group: str, before: Mapping[str, str], after: Mapping[str, str]
) -> list[DependencyChange]:
    rows = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old != new:
            change = (
                Change.ADDED if old is None else Change.REMOVED if new is None else Change.CHANGED
            )
            rows.append(DependencyChange(group, name, change, old, new))
    return rows
