"""One plugin of a catalogue, and the manifest that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from plugport.spec.errors import FieldError
from plugport.spec.manifest.dialects import claude
from plugport.spec.manifest.dialects.acting import ACTING
from plugport.spec.manifest.dialects.base import Package
from plugport.spec.manifest.document import Document, describe
from plugport.spec.manifest.draft import ManifestDefaults
from plugport.spec.manifest.fields import Faults, Spot
from plugport.spec.manifest.json_text import load_json
from plugport.spec.manifest.model import JsonValue
from plugport.spec.manifest.reading import ManifestReading, read_parsed
from plugport.spec.manifest.sources import Source
from plugport.spec.versions import Version

# Fields of an entry that speak of the entry and not of the plugin.
_OWN_FIELDS = frozenset({"source", "strict"})
_ACTING_FIELDS = frozenset(acting.field for acting in ACTING)


@dataclass(frozen=True, slots=True)
class MarketplaceEntry:
    """One plugin as its catalogue describes it.

    `name` and `version` are texts as they stand there; `entry_manifest` judges them. With `strict`
    the plugin's own manifest leads, without it the entry is all there is. `document` holds all
    fields with their lines.
    """

    name: str
    source: Source
    document: Document
    version: str | None = None
    description: str = ""
    strict: bool = True

    @property
    def fields(self) -> Mapping[str, JsonValue]:
        """All fields as they stand in the catalogue."""
        return self.document.root


def entry_manifest(
    entry: MarketplaceEntry,
    plugin_json: bytes | None = None,
    scope: str | None = None,
    fallback_version: Version | None = None,
    *,
    package: Package | None = None,
) -> ManifestReading:
    """Read the manifest of a catalogue's plugin from its entry and its own `plugin.json`.

    The plugin's file leads and the entry adds what it leaves out; its components are joined. The
    name is the entry's, because that is what people install. `scope` is put before it, and
    `fallback_version` is used where neither names a version. `package` gives the files beside the
    manifest, if they are known. Raises `ManifestError` with every fault of both.
    """
    document, warnings = _combine(entry, plugin_json)
    defaults = ManifestDefaults(scope=scope, version=fallback_version)
    reading = read_parsed(claude.DIALECT, document, package, defaults)
    return replace(reading, warnings=(*warnings, *reading.warnings))


def _combine(
    entry: MarketplaceEntry, plugin_json: bytes | None
) -> tuple[Document, list[FieldError]]:
    own = Document(
        {key: value for key, value in entry.fields.items() if key not in _OWN_FIELDS},
        entry.document.places,
    )
    faults = Faults(own)
    if plugin_json is None:
        return own, faults.warnings
    if not entry.strict:
        detail = "is false, so the plugin's own plugin.json is not read"
        Spot(False, ("strict",), faults).warn(detail, "plugin-json-ignored")
        return own, faults.warnings
    plugin = load_json(plugin_json, claude.DIALECT.path)
    return _merge(plugin, own, faults), faults.warnings


def _merge(plugin: Document, entry: Document, faults: Faults) -> Document:
    root, places = dict(plugin.root), dict(plugin.places)
    for key, value in entry.root.items():
        spot = Spot(value, (key,), faults)
        if root.get(key) is None or key == "name":  # absent and null are the same to people
            if key == "name" and root.get(key) not in (None, value):
                spot.warn(f"is used in place of {describe(root[key])}", "entry-differs")
            root[key] = value
            places |= {path: at for path, at in entry.places.items() if path[:1] == (key,)}
        elif key in claude.COMPONENTS:
            root[key] = _join_components(root[key], spot)
        elif key == "version" and root[key] != value:
            spot.warn(f"is passed over for {describe(root[key])} of plugin.json", "entry-differs")
    return Document(root, places, plugin.faults)


def _join_components(own: JsonValue, spot: Spot) -> JsonValue:
    added = spot.value
    if isinstance(own, dict) and isinstance(added, dict):
        return {**added, **own}
    if isinstance(own, dict) == isinstance(added, dict) or spot.path[0] in _ACTING_FIELDS:
        mine = own if isinstance(own, list) else [own]
        return mine + [
            each for each in (added if isinstance(added, list) else [added]) if each not in mine
        ]
    spot.warn("cannot be joined with that of plugin.json and is passed over", "entry-differs")
    return own
