"""Whether two sets of comparators have a version in common."""

from __future__ import annotations

from plugport.spec.ranges.comparators import Comparator, ComparatorSet
from plugport.spec.ranges.matching import holds
from plugport.spec.versions.keys import Key

_LOWEST: Key = (0, 0, 0, 0, 0, 0)


def overlap(one: ComparatorSet, other: ComparatorSet, wide: bool) -> bool:
    """Whether a version may satisfy both sets.

    Between any two bounds there is taken to be a version, as between 1.0.0 and 1.0.1.
    """
    comparators = one + other
    exact = next((bound for operator, bound in comparators if not operator), None)
    if exact is not None:
        return holds(one, exact, wide) and holds(other, exact, wide)
    low = max((c for c in comparators if c.operator[0] == ">"), key=_rank_low, default=None)
    high = min((c for c in comparators if c.operator[0] == "<"), key=_rank_high, default=None)
    if high is None:
        return True
    if low is None:
        low = Comparator(">=", _find_floor(one, other, wide))
    if low.key == high.key:
        return low.operator == ">=" and high.operator == "<="
    return low.key < high.key


def _find_floor(one: ComparatorSet, other: ComparatorSet, wide: bool) -> Key:
    """Find the lowest version that counts: prereleases of 0.0.0 only where both sets name one."""
    if wide or (_names_lowest(one) and _names_lowest(other)):
        return _LOWEST
    return (0, 0, 0, 1)


def _names_lowest(comparators: ComparatorSet) -> bool:
    return any(bound[:4] == _LOWEST[:4] for _, bound in comparators)


def _rank_low(comparator: Comparator) -> tuple[Key, bool]:
    return comparator.key, comparator.operator == ">"


def _rank_high(comparator: Comparator) -> tuple[Key, bool]:
    return comparator.key, comparator.operator == "<="
