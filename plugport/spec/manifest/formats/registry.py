"""All manifest formats. A new format is one module in this folder and one entry of the list below."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from plugport.spec.manifest.errors import UnknownManifestFormatError
from plugport.spec.manifest.formats import (
    agent_plugins,
    agent_relay,
    claude,
    cortex,
    donkeylabs,
    omnibase,
    plugport,
)
from plugport.spec.manifest.formats.base import ManifestFormat
from plugport.spec.text import quote_text

# The order decides which file of a package is its manifest. Formats made for plugins come first,
# so that a `package.json` next to a `plugport.yaml` does not count.
_ALL = (
    plugport.FORMAT,
    agent_relay.FORMAT,
    claude.FORMAT,
    agent_plugins.FORMAT,
    cortex.FORMAT,
    omnibase.FORMAT,
    donkeylabs.FORMAT,
)

MANIFEST_FORMATS: Mapping[str, ManifestFormat] = MappingProxyType(
    {manifest_format.name: manifest_format for manifest_format in _ALL}
)
# The only format that can express everything the model holds.
DEFAULT_MANIFEST_FORMAT = plugport.FORMAT


def get_manifest_format(name: str) -> ManifestFormat:
    """Return a manifest format by its name. Raises `UnknownManifestFormatError`."""
    if name not in MANIFEST_FORMATS:
        raise UnknownManifestFormatError(
            f"there is no manifest format {quote_text(name)}",
            hint=f"Known manifest formats: {', '.join(MANIFEST_FORMATS)}.",
        )
    return MANIFEST_FORMATS[name]
