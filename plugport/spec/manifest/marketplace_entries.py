"""One entry of a marketplace, and the manifest of its plugin."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from plugport.spec.errors import FieldError
from plugport.spec.manifest.document import Document, describe_value
from plugport.spec.manifest.draft import ManifestDefaults
from plugport.spec.manifest.fields import Cursor, ManifestProblems
from plugport.spec.manifest.formats import claude
from plugport.spec.manifest.formats.active_components import ACTIVE_COMPONENTS
from plugport.spec.manifest.formats.base import PackageFiles
from plugport.spec.manifest.json_parser import parse_json
from plugport.spec.manifest.marketplace_sources import Source
from plugport.spec.manifest.model import JsonValue
from plugport.spec.manifest.parsing import ParsedManifest, build_parsed_manifest
from plugport.spec.versions import Version

# Fields that describe the entry and not the plugin.
_ENTRY_FIELDS = frozenset({"source", "strict"})
_ACTIVE_COMPONENT_FIELDS = frozenset(acting.field for acting in ACTIVE_COMPONENTS)


class MarketplaceEntry(Struct, frozen=True):
    """An entry of a marketplace.

    `name` and `version` are not validated here; `parse_entry_manifest` does it. With `strict` the
    entry supplements the plugin's own manifest; otherwise it replaces it. `document` holds all
    fields with their positions. `index` is the position in the marketplace, from 0.
    """

    name: str
    source: Source
    document: Document
    version: str | None = None
    description: str = ""
    strict: bool = True
    index: int = 0

    @property
    def fields(self) -> Mapping[str, JsonValue]:
        """All fields of the entry, unchanged."""
        return self.document.root


class UnusableEntry(Struct, frozen=True):
    """An entry of a marketplace that cannot be used, with its problems.

    `name` is its name, or "" if it has no valid one. `index` is its position, from 0.
    """

    index: int
    name: str
    problems: tuple[FieldError, ...]


def parse_entry_manifest(
    entry: MarketplaceEntry,
    plugin_json: bytes | None = None,
    scope: str | None = None,
    fallback_version: Version | None = None,
    *,
    package: PackageFiles | None = None,
) -> ParsedManifest:
    """Parse the manifest of a plugin from its marketplace entry and its own `plugin.json`.

    The entry adds fields that the plugin's file does not have, and the components of both are
    joined. The name is that of the entry, because users install the plugin by it; `scope` is added
    to it. `fallback_version` is used if neither has a version. `package` has the other files of the
    plugin, if they are known. Raises `ManifestError` with every problem of both.
    """
    document, warnings = _combine(entry, plugin_json)
    defaults = ManifestDefaults(scope=scope, version=fallback_version)
    reading = build_parsed_manifest(claude.FORMAT, document, package, defaults)
    return replace(reading, warnings=(*warnings, *reading.warnings))


def _combine(
    entry: MarketplaceEntry, plugin_json: bytes | None
) -> tuple[Document, tuple[FieldError, ...]]:
    entry_document = Document(
        {key: value for key, value in entry.fields.items() if key not in _ENTRY_FIELDS},
        entry.document.positions,
    )
    problems = ManifestProblems(entry_document)
    if plugin_json is None:
        return entry_document, ()
    if not entry.strict:
        detail = "is false, so the plugin's own plugin.json is ignored"
        Cursor(False, ("strict",), problems).warn(detail, "plugin-json-ignored")
        return entry_document, tuple(problems.warnings)
    plugin = parse_json(plugin_json, claude.FORMAT.path)
    merged = _merge(plugin, entry_document, problems)
    return merged, problems.warnings.finish(entry_document.file)


def _merge(plugin: Document, entry: Document, problems: ManifestProblems) -> Document:
    root, positions = dict(plugin.root), dict(plugin.positions)
    for key, value in entry.root.items():
        cursor = Cursor(value, (key,), problems)
        if root.get(key) is None or key == "name":
            if key == "name" and root.get(key) not in (None, value):
                cursor.warn(
                    f"is used instead of {describe_value(root[key])} in plugin.json",
                    "entry-differs",
                )
            root[key] = value
            positions |= {
                path: position for path, position in entry.positions.items() if path[:1] == (key,)
            }
        elif key in claude.COMPONENTS:
            root[key] = _join_components(root[key], cursor)
        elif key == "version" and root[key] != value:
            cursor.warn(f"is ignored; plugin.json has {describe_value(root[key])}", "entry-differs")
    return Document(root, positions, plugin.problems)


def _join_components(own: JsonValue, cursor: Cursor) -> JsonValue:
    added = cursor.value
    if isinstance(own, dict) and isinstance(added, dict):
        # The plugin's own declaration wins over the entry's.
        return {**added, **own}
    if (
        isinstance(own, dict) == isinstance(added, dict)
        or cursor.path[0] in _ACTIVE_COMPONENT_FIELDS
    ):
        own_items = own if isinstance(own, list) else [own]
        added_items = added if isinstance(added, list) else [added]
        return own_items + [item for item in added_items if item not in own_items]
    cursor.warn("cannot be joined with the value in plugin.json and is ignored", "entry-differs")
    return own
