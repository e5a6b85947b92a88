"""Version ranges with npm's semantics: `^1.2`, `~1.2.3`, `1.x || >=2.5 <3`.

Syntax, canonical text and membership are those of npm's semver library in strict mode, including
its quirks. Its loose mode does not exist here: `1.2.3beta` and `>01.02.03` are invalid. Three
results differ on purpose, where npm is inconsistent:

- `>=v0.0.0` is `>=0.0.0`, which is `*`, so that the canonical text has the meaning of the input;
- a prerelease inside `^1` is neither above nor below it (`is_above`, `is_below`); npm says both;
- an empty range, such as `<0.0.0-0`, intersects nothing, not even `*`, and `intersects` is
  symmetric.

A prerelease matches only if the range names a prerelease of the same three numbers, or if
`include_prerelease` is set.

Limits: `MAX_RANGE_CHARS` characters and `MAX_ALTERNATIVES` alternatives. Parsing takes linear time.
Nothing is cached between calls.
"""

from plugport.spec.ranges.errors import InvalidRangeError
from plugport.spec.ranges.model import Range
from plugport.spec.ranges.parsing import MAX_ALTERNATIVES, MAX_RANGE_CHARS
from plugport.spec.ranges.relations import (
    find_only_version,
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
    "find_only_version",
    "is_above",
    "is_below",
    "max_satisfying",
    "min_satisfying",
]
