"""`.claude-plugin/marketplace.json`: a whole catalogue of plugins of Claude Code."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from plugport.spec.errors import FieldError
from plugport.spec.manifest.document import CATALOGUE_LIMITS, MAX_FAULTS, Document, Path, Place
from plugport.spec.manifest.entries import MarketplaceEntry, entry_manifest
from plugport.spec.manifest.fields import (
    Faults,
    Reader,
    Spot,
    T,
    each_member,
    read_flag,
    read_line,
    read_paragraph,
    read_path,
)
from plugport.spec.manifest.json_text import load_json
from plugport.spec.manifest.model import Person
from plugport.spec.manifest.people import read_person
from plugport.spec.manifest.sources import (
    GithubSource,
    GitSubdirSource,
    NpmSource,
    RelativeSource,
    Source,
    UrlSource,
    join_folders,
    read_source,
)
from plugport.spec.text import show

MARKETPLACE_PATH = ".claude-plugin/marketplace.json"
# Repeated keys and the like, found while parsing: they spoil their own entry alone.
_IN_ENTRY = re.compile(r"plugins\[([0-9]+)\]")

__all__ = [
    "MARKETPLACE_PATH",
    "GitSubdirSource",
    "GithubSource",
    "Marketplace",
    "MarketplaceEntry",
    "NpmSource",
    "RelativeSource",
    "Source",
    "UrlSource",
    "entry_manifest",
    "read_marketplace",
]


@dataclass(frozen=True, slots=True)
class Marketplace:
    """A catalogue. `renames` maps old names of plugins to new ones.

    Relative sources already start at the repository's root; `plugin_root` is what was put before
    them. Entries that cannot be used are left out; `warnings` says which and why.
    """

    name: str
    owner: Person | None
    entries: tuple[MarketplaceEntry, ...]
    description: str = ""
    version: str | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    plugin_root: str = ""
    warnings: tuple[FieldError, ...] = ()


def read_marketplace(content: bytes, *, file: str = MARKETPLACE_PATH) -> Marketplace:
    """Read a catalogue. Raises `ManifestError` where it is none; bad entries only warn."""
    document = load_json(content, file, CATALOGUE_LIMITS)
    broken = {fault: found for fault in document.faults if (found := _IN_ENTRY.match(fault.field))}
    others = tuple(fault for fault in document.faults if fault not in broken)
    faults = Faults(replace(document, faults=others))
    root = Spot(document.root, (), faults)
    name, plugins = _read_required(root)
    faults.raise_errors()
    faults.errors.extend(broken)
    skipped = {int(found[1]) for found in broken.values()}
    plugin_root = join_folders("", _read_about(root, "pluginRoot", read_path) or "")
    return Marketplace(
        name=name,
        owner=_read_about(root, "owner", read_person),
        entries=_read_entries(plugins, plugin_root, skipped),
        description=_read_about(root, "description", read_paragraph) or "",
        version=_read_about(root, "version", read_line),
        renames=_read_renames(root),
        plugin_root=plugin_root,
        warnings=tuple(faults.warnings + faults.errors)[:MAX_FAULTS],
    )


def _read_required(root: Spot) -> tuple[str, Spot]:
    assert isinstance(root.value, dict)
    name = root.child("name", root.value.get("name"))
    plugins = root.child("plugins", root.value.get("plugins"))
    if not isinstance(plugins.value, list):
        plugins.expect("a list of plugins")
    text = read_line(name)
    if text is None and isinstance(name.value, str):
        name.fail("is required: the catalogue's name", "missing-field")
    return text or "", plugins


def _read_about(root: Spot, key: str, reader: Reader[T]) -> T | None:
    """Read a field that stands at the top or under `metadata`."""
    assert isinstance(root.value, dict)
    if root.value.get(key) is not None:
        return reader(root.child(key, root.value[key]))
    metadata = root.value.get("metadata")
    if not isinstance(metadata, dict) or metadata.get(key) is None:
        return None
    return reader(root.child("metadata", metadata).child(key, metadata[key]))


def _read_renames(root: Spot) -> dict[str, str]:
    assert isinstance(root.value, dict)
    if root.value.get("renames") is None:
        return {}
    members = each_member(root.child("renames", root.value["renames"]))
    return {old: new for old, member in members if (new := read_line(member))}


def _read_entries(
    plugins: Spot, plugin_root: str, skipped: Collection[int]
) -> tuple[MarketplaceEntry, ...]:
    assert isinstance(plugins.value, list)
    places = _sort_places(plugins.faults.document)
    entries: dict[str, MarketplaceEntry] = {}
    for index, value in enumerate(plugins.value):
        if index in skipped:
            continue
        spot = plugins.child(index, value)
        entry = _read_entry(spot, places.get(index, {}), plugin_root)
        if entry and entry.name in entries:
            spot.warn(f"{show(entry.name)} is there twice; the first counts", "duplicate-entry")
        elif entry:
            entries[entry.name] = entry
    return tuple(entries.values())


def _sort_places(document: Document) -> dict[int, dict[Path, Place]]:
    """Give every entry its own lines, once for all: a catalogue has hundreds of entries."""
    sorted_places: dict[int, dict[Path, Place]] = {}
    for path, place in document.places.items():
        if len(path) > 1 and path[0] == "plugins" and isinstance(path[1], int):
            sorted_places.setdefault(path[1], {})[path[2:]] = place
    return sorted_places


def _read_entry(
    spot: Spot, places: Mapping[Path, Place], plugin_root: str
) -> MarketplaceEntry | None:
    if not isinstance(spot.value, dict):
        spot.expect("a mapping that describes a plugin")
        return None
    before = spot.faults.failures
    for key in ("name", "source"):
        if spot.value.get(key) in (None, ""):
            spot.child(key, None).fail("is required", "missing-field")
    members = {key: spot.child(key, spot.value.get(key)) for key in (*_READERS, "source")}
    read = {
        key: reader(members[key])
        for key, reader in _READERS.items()
        if members[key].value is not None
    }
    source = read_source(members["source"], plugin_root) if members["source"].value else None
    if spot.faults.failures > before or source is None:
        return None
    return MarketplaceEntry(
        name=str(read["name"]),
        source=source,
        document=Document(spot.value, places),
        version=str(read["version"]) if read.get("version") else None,
        description=str(read.get("description") or ""),
        strict=read.get("strict") is not False,
    )


_READERS: Mapping[str, Reader[str] | Reader[bool]] = {
    "name": read_line,
    "version": read_line,
    "description": read_paragraph,
    "strict": read_flag,
}
