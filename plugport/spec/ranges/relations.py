"""Choosing among versions by a range, and where a version lies beside it."""

from __future__ import annotations

from collections.abc import Iterable

from plugport.spec.ranges.comparators import Comparator, ComparatorSet
from plugport.spec.ranges.model import Range
from plugport.spec.versions.keys import Key
from plugport.spec.versions.model import Version

_FROM_ZERO = (Comparator(">=", (0, 0, 0, 1)),)


def max_satisfying(
    versions: Iterable[Version], wanted: Range, include_prerelease: bool = False
) -> Version | None:
    """Find the highest version in a range; of equal ones the first."""
    chosen = wanted.widened if include_prerelease else wanted
    return max(filter(chosen.contains, versions), default=None)


def min_satisfying(
    versions: Iterable[Version], wanted: Range, include_prerelease: bool = False
) -> Version | None:
    """Find the lowest version in a range; of equal ones the first."""
    chosen = wanted.widened if include_prerelease else wanted
    return min(filter(chosen.contains, versions), default=None)


def is_above(version: Version, wanted: Range) -> bool:
    """Whether a version is higher than everything in a range.

    A prerelease amid a range that leaves prereleases out is neither above nor below it; npm,
    which agrees on all else, calls it both.
    """
    if wanted.contains(version):
        return False
    key, sets = version.key, [found or _FROM_ZERO for found in wanted.sets]
    return all(_is_above(key, found) and not _is_below(key, found) for found in sets)


def is_below(version: Version, wanted: Range) -> bool:
    """Whether a version is lower than everything in a range; see `is_above`."""
    if wanted.contains(version):
        return False
    key, sets = version.key, [found or _FROM_ZERO for found in wanted.sets]
    return all(_is_below(key, found) and not _is_above(key, found) for found in sets)


def _is_above(key: Key, comparators: ComparatorSet) -> bool:
    highest = max(comparators, key=_get_key)
    lowest = min(comparators, key=_get_key)
    if highest.operator in {">", ">="}:
        return False
    if lowest.operator in {"", ">"}:
        return key > lowest.key
    return lowest.operator != ">=" or key >= lowest.key


def _is_below(key: Key, comparators: ComparatorSet) -> bool:
    highest = max(comparators, key=_get_key)
    lowest = min(comparators, key=_get_key)
    if lowest.operator in {"<", "<="}:
        return False
    if highest.operator in {"", "<"}:
        return key < highest.key
    return highest.operator != "<=" or key <= highest.key


def _get_key(comparator: Comparator) -> Key:
    return comparator.key
