"""Intersection of comparator sets."""

from __future__ import annotations

from plugport.spec.ranges.comparators import Comparator, ComparatorSet
from plugport.spec.ranges.matching import satisfies
from plugport.spec.versions.keys import Key

_LOWEST: Key = (0, 0, 0, 0, 0, 0)


def has_overlap(one: ComparatorSet, other: ComparatorSet, wide: bool) -> bool:
    """Whether a version can satisfy both sets.

    Versions are treated as dense: between two different bounds there is always a version.
    """
    comparators = one + other
    exact = next((bound for operator, bound in comparators if not operator), None)
    if exact is not None:
        return satisfies(one, exact, wide) and satisfies(other, exact, wide)
    low = max((c for c in comparators if c.operator[0] == ">"), key=_rank_low, default=None)
    high = min((c for c in comparators if c.operator[0] == "<"), key=_rank_high, default=None)
    if high is None:
        return True
    if low is None:
        low = Comparator(">=", _get_lowest_key(one, other, wide))
    if low.key == high.key:
        return low.operator == ">=" and high.operator == "<="
    return low.key < high.key


def _get_lowest_key(one: ComparatorSet, other: ComparatorSet, wide: bool) -> Key:
    """The lowest possible version; a prerelease of 0.0.0 only if both sets name one."""
    if wide or (_has_lowest(one) and _has_lowest(other)):
        return _LOWEST
    return (0, 0, 0, 1)


def _has_lowest(comparators: ComparatorSet) -> bool:
    return any(bound[:4] == _LOWEST[:4] for _, bound in comparators)


def _rank_low(comparator: Comparator) -> tuple[Key, bool]:
    return comparator.key, comparator.operator == ">"


def _rank_high(comparator: Comparator) -> tuple[Key, bool]:
    return comparator.key, comparator.operator == "<="
