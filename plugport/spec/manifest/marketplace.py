"""`.claude-plugin/marketplace.json`: a list of Claude Code plugins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from plugport.spec.errors import FieldError
from plugport.spec.manifest.authors import parse_person
from plugport.spec.manifest.document import (
    MARKETPLACE_LIMITS,
    MORE_PROBLEMS,
    Document,
    Path,
    ProblemList,
    SourcePosition,
)
from plugport.spec.manifest.errors import build_manifest_error
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
from plugport.spec.manifest.marketplace_entries import (
    MarketplaceEntry,
    UnusableEntry,
    parse_entry_manifest,
)
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
from plugport.spec.manifest.model import JsonValue, Person
from plugport.spec.text import quote_text

MARKETPLACE_PATH = ".claude-plugin/marketplace.json"
# The largest known marketplace has 295 entries. Each entry, valid or not, is reported.
MAX_ENTRIES = 10_000
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
    "UnusableEntry",
    "UrlSource",
    "parse_entry_manifest",
    "parse_marketplace",
]


class Marketplace(Struct, frozen=True):
    """A marketplace. `renames` maps old names of plugins to new ones.

    The paths of relative sources start at the repository's root: they include `plugin_root`. Every
    entry of the file is in `entries` or, with its problems, in `unusable`.
    """

    name: str
    owner: Person | None
    entries: tuple[MarketplaceEntry, ...]
    unusable: tuple[UnusableEntry, ...] = ()
    description: str = ""
    version: str | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    plugin_root: str = ""
    warnings: tuple[FieldError, ...] = ()


def parse_marketplace(content: bytes, *, file: str = MARKETPLACE_PATH) -> Marketplace:
    """Parse a marketplace. Raises `ManifestError` if it is invalid; invalid entries are only reported."""
    document = parse_json(content, file, MARKETPLACE_LIMITS)
    if any(problem.code == MORE_PROBLEMS for problem in document.problems):
        # Nobody can say which other entries are invalid.
        raise build_manifest_error(file, document.problems)
    broken: dict[int, list[FieldError]] = {}
    others = []
    for problem in document.problems:
        if match := _ENTRY_PATH.match(problem.field):
            broken.setdefault(int(match[1]), []).append(problem)
        else:
            others.append(problem)
    problems = ManifestProblems(replace(document, problems=tuple(others)))
    root = Cursor(document.root, (), problems)
    name, plugins = _parse_required(root)
    plugin_root = join_folders("", _parse_metadata_field(root, "pluginRoot", parse_path) or "")
    # Without a valid `pluginRoot` the folders of the entries are not known.
    problems.raise_errors()
    entries, unusable = _parse_entries(plugins, plugin_root, broken)
    owner = _parse_metadata_field(root, "owner", parse_person)
    description = _parse_metadata_field(root, "description", parse_paragraph) or ""
    return Marketplace(
        name=name,
        owner=owner,
        entries=entries,
        unusable=unusable,
        description=description,
        version=_parse_metadata_field(root, "version", parse_line),
        renames=_parse_renames(root),
        plugin_root=plugin_root,
        # Errors of single entries and of descriptions are warnings of the marketplace.
        warnings=_join_problems(
            problems.warnings.finish(file),
            problems.errors.finish(file),
            *(entry.problems for entry in unusable),
        ).finish(file),
    )


def _join_problems(*several: Iterable[FieldError]) -> ProblemList:
    joined = ProblemList()
    for problems in several:
        joined.add_all(problems)
    return joined


def _parse_required(root: Cursor) -> tuple[str, Cursor]:
    assert isinstance(root.value, dict)
    name = root.child("name", root.value.get("name"))
    plugins = root.child("plugins", root.value.get("plugins"))
    if not isinstance(plugins.value, list):
        plugins.expect("a list of plugins")
    elif len(plugins.value) > MAX_ENTRIES:
        detail = f"has {len(plugins.value):,} entries; at most {MAX_ENTRIES:,} are allowed"
        plugins.fail(detail, "too-many", allowed=f"at most {MAX_ENTRIES}")
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
    plugins: Cursor, plugin_root: str, broken: Mapping[int, list[FieldError]]
) -> tuple[tuple[MarketplaceEntry, ...], tuple[UnusableEntry, ...]]:
    """Parse every entry: it is in one of the two results."""
    assert isinstance(plugins.value, list)
    document = replace(plugins.problems.document, problems=())
    positions = _group_positions(document)
    entries: dict[str, MarketplaceEntry] = {}
    unusable = []
    for index, value in enumerate(plugins.value):
        # Problems of their own, so that those of one entry cannot hide those of another.
        problems = ManifestProblems(document)
        problems.errors.add_all(broken.get(index, ()))
        cursor = Cursor(value, (*plugins.path, index), problems)
        entry = _parse_entry(cursor, index, positions.get(index, {}), plugin_root)
        if entry and entry.name in entries:
            cursor.fail(
                f"{quote_text(entry.name)} is listed twice; the first entry is used",
                "duplicate-entry",
            )
        if entry and not problems.errors:
            entries[entry.name] = entry
        else:
            unusable.append(
                UnusableEntry(index, _find_name(value), problems.errors.finish(document.file))
            )
    return tuple(entries.values()), tuple(unusable)


def _find_name(value: JsonValue) -> str:
    """The name of an entry that is otherwise invalid, for messages; "" without a valid one."""
    name = value.get("name") if isinstance(value, dict) else None
    return quote_text(name).strip("`") if isinstance(name, str) else ""


def _group_positions(document: Document) -> dict[int, dict[Path, SourcePosition]]:
    # One pass over all positions: searching them once per entry would take quadratic time.
    positions_by_entry: dict[int, dict[Path, SourcePosition]] = {}
    for path, position in document.positions.items():
        if len(path) > 1 and path[0] == "plugins" and isinstance(path[1], int):
            positions_by_entry.setdefault(path[1], {})[path[2:]] = position
    return positions_by_entry


def _parse_entry(
    cursor: Cursor, index: int, positions: Mapping[Path, SourcePosition], plugin_root: str
) -> MarketplaceEntry | None:
    """Parse an entry. Reports its problems; returns None if some of its own fields are invalid."""
    if not isinstance(cursor.value, dict):
        cursor.expect("a mapping that describes a plugin")
        return None
    for key in ("name", "source"):
        if cursor.value.get(key) in (None, ""):
            cursor.child(key, None).fail("is required", "missing-field")
    members = {key: cursor.child(key, cursor.value.get(key)) for key in (*_PARSERS, "source")}
    values = {}
    for key, parser in _PARSERS.items():
        cursor.problems.is_tolerant = key in _DESCRIPTIVE_FIELDS
        if members[key].value is not None:
            values[key] = parser(members[key])
    cursor.problems.is_tolerant = False
    source = parse_source(members["source"], plugin_root) if members["source"].value else None
    if cursor.problems.errors or source is None:
        return None
    return MarketplaceEntry(
        name=str(values["name"]),
        source=source,
        document=Document(cursor.value, positions),
        version=str(values["version"]) if values.get("version") else None,
        description=str(values.get("description") or ""),
        strict=values.get("strict") is not False,
        index=index,
    )


_PARSERS: Mapping[str, FieldParser[str] | FieldParser[bool]] = {
    "name": parse_line,
    "version": parse_line,
    "description": parse_paragraph,
    "strict": parse_flag,
}
# As in the manifest: nothing acts on them.
_DESCRIPTIVE_FIELDS = ("description",)
