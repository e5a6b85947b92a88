"""Version ranges with the meaning that npm gives them: `^1.2`, `~1.2.3`, `1.x || >=2.5 <3`.

What is accepted, the canonical text and what is contained are those of npm's semver library in
its strict mode, down to its oddities, with one exception: `>=v0.0.0` means `>=0.0.0` here, which
is `*`, so that the canonical text of a range always means the range. Its sloppy mode (`loose`)
does not exist here: `1.2.3beta` or `>01.02.03` are refused.

Prereleases are left out unless the range names a prerelease of the same three numbers, or all
prereleases are asked for (`include_prerelease`).

Limits: `MAX_RANGE_CHARS` characters and `MAX_ALTERNATIVES` alternatives; time is linear in the
length of the text. Nothing is cached between calls.
"""

from plugport.spec.ranges.errors import InvalidRangeError
from plugport.spec.ranges.model import MAX_ALTERNATIVES, MAX_RANGE_CHARS, Range
from plugport.spec.ranges.relations import (
    is_above,
    is_below,
    max_satisfying,
    min_satisfying,
)

__all__ = [
    "MAX_ALTERNATIVES",
    "MAX_RANGE_CHARS",
    "InvalidRangeError",
    "Range",
    "is_above",
    "is_below",
    "max_satisfying",
    "min_satisfying",
]
