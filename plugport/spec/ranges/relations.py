"""Select versions by a range, and compare a version with a range."""

from __future__ import annotations

from collections.abc import Iterable

from plugport.spec.ranges.comparators import Comparator, ComparatorSet
from plugport.spec.ranges.matching import satisfies
from plugport.spec.ranges.model import Range
from plugport.spec.versions.keys import Key, format_key
from plugport.spec.versions.model import Version

_ZERO: Key = (0, 0, 0, 1)
_FROM_ZERO = (Comparator(">=", _ZERO),)


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


def find_only_version(requested: Range) -> Version | None:
    """The only version that a range can contain, in whatever form it is written, or None.

    `1.2.0`, `=1.2.0`, `v1.2.0`, `1.2.0 - 1.2.0`, `>=1.2.0 <1.2.1` and `^0.0.3` each contain one. Build
    metadata does not count: versions that differ in it only are equal.
    """
    keys: set[Key | None] = set()
    for comparators in requested.sets:
        wide = requested.include_prerelease
        lowest = _find_lowest(comparators, wide)
        # Nothing is below the lowest version, so that a set without it is empty.
        if lowest is None or satisfies(comparators, lowest, wide):
            keys.add(lowest if lowest and _has_one_version(comparators, lowest, wide) else None)
    only = keys.pop() if len(keys) == 1 else None
    return Version.parse(format_key(only)) if only is not None else None


def _find_lowest(comparators: ComparatorSet, wide: bool) -> Key | None:
    """The lowest version that a set may contain, or None if it is not known."""
    if any(comparator.operator == ">" for comparator in comparators):
        return None
    bounds = [each.key for each in comparators if each.operator in {"", ">="}]
    # Without a bound, prereleases of 0.0.0 are lower if the set may contain them.
    if not bounds and not wide and all(each.key[3] for each in comparators):
        bounds = [_ZERO]
    return max(bounds, default=None)


def _has_one_version(comparators: ComparatorSet, lowest: Key, wide: bool) -> bool:
    major, minor, patch, *rest = lowest
    limits: set[Key] = {(major, minor, patch + 1, 0, 0, 0)} if rest == [1] else set()
    if limits and not wide:
        # Prereleases of the next patch version are below it, but match only if the range names one.
        limits.add((major, minor, patch + 1, 1))
    return any(
        (operator in {"", "<="} and key == lowest) or (operator == "<" and key in limits)
        for operator, key in comparators
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
