"""Names of plugins: `name` or `@scope/name`.

Each part is 1 to 64 of `a-z 0-9 - .`, starts and ends with a letter or digit and has neither
`--` nor `..`. Two names *collide* when a reader could take one for the other; then only the first
of them may exist (`PluginName.collision_key`). Some names are kept back (`check_reserved`).
"""

from plugport.spec.names.confusables import find_lookalike, fold_part
from plugport.spec.names.errors import InvalidNameError, ReservedNameError
from plugport.spec.names.faults import MAX_PART_CHARS
from plugport.spec.names.model import (
    MAX_COLLISION_KEY_CHARS,
    MAX_NAME_CHARS,
    PluginName,
    parse_scope,
)
from plugport.spec.names.reserved import RESERVED_NAMES, check_reserved

__all__ = [
    "MAX_COLLISION_KEY_CHARS",
    "MAX_NAME_CHARS",
    "MAX_PART_CHARS",
    "RESERVED_NAMES",
    "InvalidNameError",
    "PluginName",
    "ReservedNameError",
    "check_reserved",
    "find_lookalike",
    "fold_part",
    "parse_scope",
]
