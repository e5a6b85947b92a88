"""Select versions by a range, and compare a version with a range."""

from __future__ import annotations

from collections.abc import Iterable

from plugport.spec.ranges.comparators import Comparator, ComparatorSet
from plugport.spec.ranges.model import Range
from plugport.spec.versions.keys import Key
from plugport.spec.versions.model import Version

_FROM_ZERO = (Comparator(">=", (0, 0, 0, 1)),)


def max_satisfying(
    versions: Iterable[Version], requested: Range, include_prerelease: bool = False
) -> Version | None:
    """The highest version in a range, or None. Of equal versions, the first."""
    chosen = requested.widened if include_prerelease else requested
    return max(filter(chosen.contains, versions), default=None)


def min_satisfying(
    versions: Iterable[Version], requested: Range, include_prerelease: bool = False
) -> Version | None:
    """The lowest version in a range, or None. Of equal versions, the first."""
    chosen = requested.widened if include_prerelease else requested
    return min(filter(chosen.contains, versions), default=None)


def is_above(version: Version, requested: Range) -> bool:
    """Whether a version is higher than every version in a range.

    A prerelease inside a range that excludes prereleases is neither above nor below it. npm treats
    it as both.
    """
    if requested.contains(version):
        return False
    key, sets = version.key, [comparators or _FROM_ZERO for comparators in requested.sets]
    return all(
        _is_above(key, comparators) and not _is_below(key, comparators) for comparators in sets
    )


def is_below(version: Version, requested: Range) -> bool:
    """Whether a version is lower than every version in a range; see `is_above`."""
    if requested.contains(version):
        return False
    key, sets = version.key, [comparators or _FROM_ZERO for comparators in requested.sets]
    return all(
        _is_below(key, comparators) and not _is_above(key, comparators) for comparators in sets
    )


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
