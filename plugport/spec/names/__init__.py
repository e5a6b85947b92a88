"""Plugin names: `name` or `@scope/name`.

Each part has 1 to 64 of `a-z 0-9 - .`, starts and ends with a letter or digit, and contains neither
`--` nor `..`. Two names *collide* when a reader can mistake one for the other; only the first of
them can be registered (`PluginName.collision_key`). Some names are reserved (`check_reserved`).
"""

from plugport.spec.names.confusables import find_lookalike, fold_part
from plugport.spec.names.errors import InvalidNameError, ReservedNameError
from plugport.spec.names.model import (
    MAX_COLLISION_KEY_CHARS,
    MAX_NAME_CHARS,
    PluginName,
    parse_scope,
)
from plugport.spec.names.prefixes import list_prefix_keys
from plugport.spec.names.reserved import PLUGIN_PATH_WORDS, RESERVED_NAMES, check_reserved
from plugport.spec.names.similarity import list_similar_keys
from plugport.spec.names.validation import MAX_PART_CHARS
from plugport.spec.names.well_known import (
    WellKnownName,
    find_well_known_name,
    load_well_known_names,
)

__all__ = [
    "MAX_COLLISION_KEY_CHARS",
    "MAX_NAME_CHARS",
    "MAX_PART_CHARS",
    "PLUGIN_PATH_WORDS",
    "RESERVED_NAMES",
    "InvalidNameError",
    "PluginName",
    "ReservedNameError",
    "WellKnownName",
    "check_reserved",
    "find_lookalike",
    "find_well_known_name",
    "fold_part",
    "list_prefix_keys",
    "list_similar_keys",
    "load_well_known_names",
    "parse_scope",
]
