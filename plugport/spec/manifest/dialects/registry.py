"""All dialects by name. Adding one is one module and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from plugport.spec.manifest.dialects import (
    agent_plugins,
    agent_relay,
    claude,
    cortex,
    donkeylabs,
    omnibase,
    plugport,
)
from plugport.spec.manifest.dialects.base import Dialect
from plugport.spec.manifest.errors import UnknownDialectError
from plugport.spec.text import show

_ALL = (
    plugport.DIALECT,
    agent_relay.DIALECT,
    claude.DIALECT,
    agent_plugins.DIALECT,
    cortex.DIALECT,
    omnibase.DIALECT,
    donkeylabs.DIALECT,
)

DIALECTS: Mapping[str, Dialect] = MappingProxyType({dialect.name: dialect for dialect in _ALL})


def get_dialect(name: str) -> Dialect:
    """Get a dialect by its name. Raises `UnknownDialectError`."""
    if name not in DIALECTS:
        hint = f"Known dialects: {', '.join(DIALECTS)}."
        raise UnknownDialectError(f"there is no manifest dialect {show(name)}", hint=hint)
    return DIALECTS[name]
