"""Names of well-known organizations and packages, which a registry reserves for their owners.

Readers trust such a name, so the first account that takes it could publish malware under it. The
list is data, `well_known.tsv`: the name, its type and who has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from msgspec import Struct

from plugport.spec.names.confusables import fold_part

_FILE = "well_known.tsv"


class WellKnownName(Struct, frozen=True):
    """A reserved name. `type` is `organization` or `package`, `reason` says who has it."""

    name: str
    type: str
    reason: str


@cache
def load_well_known_names() -> Mapping[str, WellKnownName]:
    """Return all well-known names by their collision key."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    # Reversed, so that of several spellings the first is shown.
    names = [WellKnownName(*row) for row in reversed(rows)]
    return MappingProxyType({fold_part(each.name): each for each in names})


def find_well_known_name(part: str) -> WellKnownName | None:
    """Return the well-known name that a scope or an unscoped name is or looks like, or None."""
    return load_well_known_names().get(fold_part(part))
