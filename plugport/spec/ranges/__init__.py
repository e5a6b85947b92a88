"""Version ranges with the meaning that npm gives them: `^1.2`, `~1.2.3`, `1.x || >=2.5 <3`.

What is accepted, the canonical text and what is contained are those of npm's semver library in
its strict mode, down to its oddities. Its sloppy mode (`loose`) does not exist here: `1.2.3beta`
and `>01.02.03` are refused. Three answers differ on purpose, where npm contradicts itself:

- `>=v0.0.0` is `>=0.0.0`, which is `*`, so that canonical text always means what was written;
- a prerelease amid `^1` is neither above nor below it, not both (`is_above`, `is_below`);
- a range that holds no version, such as `<0.0.0-0`, intersects nothing, not `*`; and `intersects`
  gives the same answer in both directions.

Prereleases are left out unless the range names a prerelease of the same three numbers, or all
prereleases are asked for (`include_prerelease`).

Limits: `MAX_RANGE_CHARS` characters and `MAX_ALTERNATIVES` alternatives; time is linear in the
length of the text. Nothing is cached between calls.
"""

from plugport.spec.ranges.errors import InvalidRangeError
from plugport.spec.ranges.model import Range
from plugport.spec.ranges.reading import MAX_ALTERNATIVES, MAX_RANGE_CHARS
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
