"""Which dependencies a release added, removed or wants in another range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugport.spec.comparing.values import Change

GROUPS = ("plugins", "packages", "peer")


@dataclass(frozen=True, slots=True)
class DependencyChange:
    """One dependency and its ranges; None where there was or is none."""

    group: str
    name: str
    change: Change
    before: str | None
    after: str | None


def compare_dependencies(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[DependencyChange]:
    """What differs in `dependencies` of two manifests: plugins first, then packages, then peers."""
    return [
        row
        for group in GROUPS
        for row in _compare_group(group, _pick(before, group), _pick(after, group))
    ]


def _pick(dependencies: Mapping[str, Any], group: str) -> dict[str, str]:
    found = dependencies.get(group)
    return dict(found) if isinstance(found, Mapping) else {}


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
