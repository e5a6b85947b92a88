"""`.claude-plugin/marketplace.json`: a list of Claude Code plugins."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from plugport.spec.errors import FieldError
from plugport.spec.manifest.authors import parse_person
from plugport.spec.manifest.document import (
    MARKETPLACE_LIMITS,
    MAX_PROBLEMS,
    Document,
    Path,
    SourcePosition,
)
from plugport.spec.manifest.fields import (
    Cursor,
    FieldParser,
    ManifestProblems,
    T,
    iter_members,
    parse_flag,
    parse_line,
    parse_paragraph,
    parse_path,
)
from plugport.spec.manifest.json_parser import parse_json
from plugport.spec.manifest.marketplace_entries import MarketplaceEntry, parse_entry_manifest
from plugport.spec.manifest.marketplace_sources import (
    GithubSource,
    GitSubdirSource,
    NpmSource,
    RelativeSource,
    Source,
    UrlSource,
    join_folders,
    parse_source,
)
from plugport.spec.manifest.model import Person
from plugport.spec.text import quote_text

MARKETPLACE_PATH = ".claude-plugin/marketplace.json"
# Problems of the JSON syntax tree, such as repeated keys, that are inside one entry. They make that
# entry invalid and not the whole marketplace.
_ENTRY_PATH = re.compile(r"plugins\[([0-9]+)\]")

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
    "parse_entry_manifest",
    "parse_marketplace",
]


@dataclass(frozen=True, slots=True)
class Marketplace:
    """A marketplace. `renames` maps old names of plugins to new ones.

    The paths of relative sources start at the repository's root: they include `plugin_root`.
    Invalid entries are left out and reported in `warnings`.
    """

    name: str
    owner: Person | None
    entries: tuple[MarketplaceEntry, ...]
    description: str = ""
    version: str | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    plugin_root: str = ""
    warnings: tuple[FieldError, ...] = ()


def parse_marketplace(content: bytes, *, file: str = MARKETPLACE_PATH) -> Marketplace:
    """Parse a marketplace. Raises `ManifestError` if it is invalid; invalid entries are only reported."""
    document = parse_json(content, file, MARKETPLACE_LIMITS)
    broken = {
        problem: match
        for problem in document.problems
        if (match := _ENTRY_PATH.match(problem.field))
    }
    others = tuple(problem for problem in document.problems if problem not in broken)
    problems = ManifestProblems(replace(document, problems=others))
    root = Cursor(document.root, (), problems)
    name, plugins = _parse_required(root)
    problems.raise_errors()
    problems.errors.extend(broken)
    skipped = {int(match[1]) for match in broken.values()}
    plugin_root = join_folders("", _parse_metadata_field(root, "pluginRoot", parse_path) or "")
    return Marketplace(
        name=name,
        owner=_parse_metadata_field(root, "owner", parse_person),
        entries=_parse_entries(plugins, plugin_root, skipped),
        description=_parse_metadata_field(root, "description", parse_paragraph) or "",
        version=_parse_metadata_field(root, "version", parse_line),
        renames=_parse_renames(root),
        plugin_root=plugin_root,
        # Errors of single entries are warnings of the marketplace.
        warnings=tuple(problems.warnings + problems.errors)[:MAX_PROBLEMS],
    )


def _parse_required(root: Cursor) -> tuple[str, Cursor]:
    assert isinstance(root.value, dict)
    name = root.child("name", root.value.get("name"))
    plugins = root.child("plugins", root.value.get("plugins"))
    if not isinstance(plugins.value, list):
        plugins.expect("a list of plugins")
    text = parse_line(name)
    if text is None and isinstance(name.value, str):
        name.fail("is required: the name of the marketplace", "missing-field")
    return text or "", plugins


def _parse_metadata_field(root: Cursor, key: str, parser: FieldParser[T]) -> T | None:
    """Parse a field at the top level or in `metadata`."""
    assert isinstance(root.value, dict)
    if root.value.get(key) is not None:
        return parser(root.child(key, root.value[key]))
    metadata = root.value.get("metadata")
    if not isinstance(metadata, dict) or metadata.get(key) is None:
        return None
    return parser(root.child("metadata", metadata).child(key, metadata[key]))


def _parse_renames(root: Cursor) -> dict[str, str]:
    assert isinstance(root.value, dict)
    if root.value.get("renames") is None:
        return {}
    members = iter_members(root.child("renames", root.value["renames"]))
    return {old: new for old, member in members if (new := parse_line(member))}


def _parse_entries(
    plugins: Cursor, plugin_root: str, skipped: Collection[int]
) -> tuple[MarketplaceEntry, ...]:
    assert isinstance(plugins.value, list)
    positions = _group_positions(plugins.problems.document)
    entries: dict[str, MarketplaceEntry] = {}
    for index, value in enumerate(plugins.value):
        if index in skipped:
            continue
        cursor = plugins.child(index, value)
        entry = _parse_entry(cursor, positions.get(index, {}), plugin_root)
        if entry and entry.name in entries:
            cursor.warn(
                f"{quote_text(entry.name)} is listed twice; the first entry is used",
                "duplicate-entry",
            )
        elif entry:
            entries[entry.name] = entry
    return tuple(entries.values())


def _group_positions(document: Document) -> dict[int, dict[Path, SourcePosition]]:
    # One pass over all positions: searching them once per entry would take quadratic time.
    positions_by_entry: dict[int, dict[Path, SourcePosition]] = {}
    for path, position in document.positions.items():
        if len(path) > 1 and path[0] == "plugins" and isinstance(path[1], int):
            positions_by_entry.setdefault(path[1], {})[path[2:]] = position
    return positions_by_entry


def _parse_entry(
    cursor: Cursor, positions: Mapping[Path, SourcePosition], plugin_root: str
) -> MarketplaceEntry | None:
    if not isinstance(cursor.value, dict):
        cursor.expect("a mapping that describes a plugin")
        return None
    failures_before = cursor.problems.failures
    for key in ("name", "source"):
        if cursor.value.get(key) in (None, ""):
            cursor.child(key, None).fail("is required", "missing-field")
    members = {key: cursor.child(key, cursor.value.get(key)) for key in (*_PARSERS, "source")}
    values = {
        key: parser(members[key])
        for key, parser in _PARSERS.items()
        if members[key].value is not None
    }
    source = parse_source(members["source"], plugin_root) if members["source"].value else None
    if cursor.problems.failures > failures_before or source is None:
        return None
    return MarketplaceEntry(
        name=str(values["name"]),
        source=source,
        document=Document(cursor.value, positions),
        version=str(values["version"]) if values.get("version") else None,
        description=str(values.get("description") or ""),
        strict=values.get("strict") is not False,
    )


_PARSERS: Mapping[str, FieldParser[str] | FieldParser[bool]] = {
    "name": parse_line,
    "version": parse_line,
    "description": parse_paragraph,
    "strict": parse_flag,
}
