"""Match versions against comparators."""

from __future__ import annotations

import operator

from plugport.spec.ranges.comparators import ComparatorSet
from plugport.spec.versions.keys import Key

_COMPARE = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "": operator.eq,
}


def satisfies(comparators: ComparatorSet, key: Key, wide: bool) -> bool:
    """Whether the version of a key satisfies all comparators.

    Unless `wide` is set, a prerelease also needs a comparator that names a prerelease of the same
    three numbers: `^1.2.3-beta.2` matches 1.2.3-beta.4, but not 1.3.0-beta.1.
    """
    for name, bound in comparators:
        if not _COMPARE[name](key, bound):
            return False
    if wide or key[3]:
        return True
    # The fourth item of a prerelease key is 0, so the first four items are equal only for
    # prereleases of the same three numbers.
    return any(bound[:4] == key[:4] for _, bound in comparators)
