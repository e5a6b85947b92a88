"""Compare the manifests of a package: a host may read another one than the registry does.

The registry stores the manifest that `find_manifest` selects. What a host would load from another
one must not differ from what was reviewed. A manifest that leaves something out is no danger; one
that adds or changes an entry point, hook, server or permission is a conflict.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import fields

from plugport.spec.errors import FieldError
from plugport.spec.manifest.detection import find_manifest_format, list_manifests
from plugport.spec.manifest.document import MORE_PROBLEMS, Document
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.fields import Cursor, ManifestProblems, parse_path
from plugport.spec.manifest.formats import common_fields
from plugport.spec.manifest.formats.active_components import (
    ACTIVE_COMPONENTS,
    collect_active_components,
)
from plugport.spec.manifest.formats.base import ManifestFormat, PackageFiles
from plugport.spec.manifest.formats.registry import get_manifest_format
from plugport.spec.manifest.model import JsonValue, Permissions, build_json_value, format_json_key
from plugport.spec.manifest.parsing import add_format_facts
from plugport.spec.manifest.permissions import ANY, PERMISSION_NAMES
from plugport.spec.names import PluginName
from plugport.spec.path_folding import compose_path

# Each manifest is parsed together with the component files of the package.
MAX_MANIFESTS = 8

_COMPONENT_FIELDS = tuple(component.field for component in ACTIVE_COMPONENTS)
_ENTRY_POINT_FIELDS = ("entrypoint", "runtime")
# Problems in these fields hide what a host would load.
_GUARDED_FIELDS = frozenset({"main", "permissions", *_ENTRY_POINT_FIELDS, *_COMPONENT_FIELDS})
_GUARDED_CODES = frozenset({"duplicate-key", MORE_PROBLEMS})
# Compared separately, or without a meaning of their own.
_SEPARATE_MEMBERS = frozenset(
    {"name", "version", "main", "permissions", "kind_fields", "components", "extra"}
)


class DifferenceType(StrEnum):
    """How much a difference matters: `conflict`, another `identity`, or any `other` field."""

    CONFLICT = "conflict"
    IDENTITY = "identity"
    OTHER = "other"


class ManifestDifference(Struct, frozen=True):
    """A field with other values in another manifest; a value is None where it is not declared."""

    type: DifferenceType
    field: str
    selected: JsonValue
    other: JsonValue


class ManifestComparison(Struct, frozen=True):
    """Another manifest of the package, its differences, and what could not be read.

    `problems` hide values that matter; `minor_problems` do not. Without `is_manifest`, the file has
    the name of a manifest and the content of something else.
    """

    path: str
    format: ManifestFormat
    differences: tuple[ManifestDifference, ...] = ()
    problems: tuple[FieldError, ...] = ()
    minor_problems: tuple[FieldError, ...] = ()
    is_manifest: bool = True


def list_other_manifests(paths: Collection[str], selected: str) -> list[tuple[str, ManifestFormat]]:
    """Return the path and format of all manifests of a package except the selected one.

    Files that belong to another program first, such as the `package.json` of npm, do not count.
    """
    others = []
    for path, name in list_manifests(paths):
        manifest_format = get_manifest_format(name)
        if path != selected and path.casefold() not in manifest_format.foreign_paths:
            others.append((path, manifest_format))
    return others


def compare_manifests(
    texts: Mapping[str, bytes], paths: Collection[str], selected: str
) -> list[ManifestComparison]:
    """Compare the selected manifest with the first `MAX_MANIFESTS` others of the package.

    `texts` and `paths` are those of `parse_manifest`, which has accepted the selected manifest.
    """
    others = list_other_manifests(paths, selected)[:MAX_MANIFESTS]
    if not others:
        return []
    package = add_format_facts(PackageFiles(texts, frozenset(paths)))
    selected_format = get_manifest_format(find_manifest_format(selected) or "")
    document = selected_format.parse_document(texts[selected], selected)
    own = _parse_declaration(selected_format, document, package)
    return [_compare_manifest(own, path, format_, package) for path, format_ in others]


class _Declaration(Struct):
    """What one manifest declares. `draft.permissions` has all permissions, `declared` its own."""

    draft: Draft
    declared: Permissions
    problems: list[FieldError]
    entry_points: dict[str, JsonValue] = field(default_factory=dict)
    components: dict[str, dict[str, JsonValue]] = field(default_factory=dict)


def _compare_manifest(
    own: _Declaration, path: str, manifest_format: ManifestFormat, package: PackageFiles
) -> ManifestComparison:
    is_shared = path.casefold() in manifest_format.shared_paths
    if path not in package.texts:
        problem = FieldError("", "is too large to read", "too-large", path)
        return ManifestComparison(path, manifest_format, problems=(problem,))
    try:
        document = manifest_format.parse_document(package.texts[path], path)
    except ManifestError as error:
        if is_shared:
            return ManifestComparison(path, manifest_format, is_manifest=False)
        return ManifestComparison(path, manifest_format, problems=tuple(error.fields))
    if is_shared and not {"name", "version"} <= document.root.keys():
        return ManifestComparison(path, manifest_format, is_manifest=False)
    other = _parse_declaration(manifest_format, document, package)
    guarded = [problem for problem in other.problems if _is_guarded(problem, path)]
    minor = [problem for problem in other.problems if not _is_guarded(problem, path)]
    differences = (
        *_compare_entry_points(own, other),
        *_compare_components(own, other),
        *_compare_permissions(own, other),
        *_compare_identity(own.draft, other.draft),
        *_compare_members(own.draft, other.draft),
    )
    return ManifestComparison(path, manifest_format, differences, tuple(guarded), tuple(minor))


def _is_guarded(problem: FieldError, path: str) -> bool:
    # A repeated key is a problem of the document: hosts disagree on which value counts. Problems that
    # are not listed can be in any field.
    is_guarded = (problem.field or "").replace("[", ".").split(".")[0] in _GUARDED_FIELDS
    return is_guarded or problem.file != path or problem.code in _GUARDED_CODES


def _parse_declaration(
    manifest_format: ManifestFormat, document: Document, package: PackageFiles
) -> _Declaration:
    problems = ManifestProblems(document)
    root = Cursor(document.root, (), problems)
    draft = manifest_format.build_draft(root)
    inline = _parse_unlisted_fields(manifest_format, root, draft)
    declaration = _Declaration(draft, draft.permissions, problems.errors)
    manifest_format.complete(root, draft, package)
    declaration.entry_points = _list_entry_points(manifest_format, draft, package)
    components = Cursor({**inline, **draft.components}, (), problems)
    # Only toolsets are loaded by assistants, which read component files without being told.
    declaration.components = collect_active_components(
        components, package, reads_default_files=draft.kind == "toolset"
    )
    declaration.problems = list(problems.errors.finish(document.file))
    return declaration


def _parse_unlisted_fields(
    manifest_format: ManifestFormat, root: Cursor, draft: Draft
) -> dict[str, JsonValue]:
    """Parse fields that other formats have, because a host may know more than the format does.

    Returns the active components.
    """
    assert isinstance(root.value, dict)
    known = {item.name for item in manifest_format.fields} | draft.kind_fields.keys()
    unlisted = {name: value for name, value in root.value.items() if name not in known}
    if isinstance(unlisted.get("main"), str):
        draft.main = parse_path(root.child("main", unlisted["main"]))
    if isinstance(unlisted.get("permissions"), dict):
        cursor = root.child("permissions", unlisted["permissions"])
        common_fields.PERMISSIONS.parse(cursor, draft)
    return {
        name: unlisted[name]
        for name in _COMPONENT_FIELDS
        if isinstance(unlisted.get(name), dict | list | str)
    }


def _list_entry_points(
    manifest_format: ManifestFormat, draft: Draft, package: PackageFiles
) -> dict[str, JsonValue]:
    default = manifest_format.entry_point
    main = draft.main or (default if default and package.find(default) else None)
    entry_points: dict[str, JsonValue] = (
        {"main": posixpath.normpath(compose_path(main))} if main else {}
    )
    for name in _ENTRY_POINT_FIELDS:
        if draft.kind_fields.get(name) is not None:
            entry_points[name] = draft.kind_fields[name]
    return entry_points


def _compare_entry_points(own: _Declaration, other: _Declaration) -> Iterator[ManifestDifference]:
    for name, value in other.entry_points.items():
        selected = own.entry_points.get(name)
        if selected != value:
            yield ManifestDifference(DifferenceType.CONFLICT, name, selected, value)


def _compare_components(own: _Declaration, other: _Declaration) -> Iterator[ManifestDifference]:
    for name, values in other.components.items():
        selected = own.components.get(name, {})
        # Only toolsets define components. Other manifests declare the permissions of the component,
        # which are compared with those that it needs.
        is_permitted = own.draft.kind != "toolset" and name in own.draft.permissions.components
        if not (is_permitted and not selected) and not values.keys() <= selected.keys():
            yield ManifestDifference(
                DifferenceType.CONFLICT, name, _get_single(selected), _get_single(values)
            )


def _get_single(values: dict[str, JsonValue]) -> JsonValue:
    declared = list(values.values())
    return declared[0] if len(declared) == 1 else declared or None


def _compare_permissions(own: _Declaration, other: _Declaration) -> Iterator[ManifestDifference]:
    # Components that differ are reported once, and not again by the permissions they amount to.
    has_equal_components = not any(_compare_components(own, other))
    for name in PERMISSION_NAMES:
        granted = getattr(own.draft.permissions, name)
        declared, own_declared = getattr(other.declared, name), getattr(own.declared, name)
        requested = getattr(other.draft.permissions, name) if has_equal_components else declared
        added = [value for value in requested if not _covers(granted, value)]
        is_redeclared = declared and own_declared and declared != own_declared
        if added or (is_redeclared and set(granted) != set(requested)):
            yield ManifestDifference(
                DifferenceType.CONFLICT, f"permissions.{name}", list(granted), list(requested)
            )


def _covers(granted: Collection[str], value: str) -> bool:
    if value in granted or ANY in granted:
        return True
    verb, _, path = value.partition(":")
    return verb == "read" and f"write:{path}" in granted


def _compare_identity(own: Draft, other: Draft) -> Iterator[ManifestDifference]:
    if own.name and other.name and not _is_same_name(own.name, other.name):
        names = str(own.name), str(other.name)
        yield ManifestDifference(DifferenceType.IDENTITY, "name", *names)
    if own.version and other.version and str(own.version) != str(other.version):
        versions = str(own.version), str(other.version)
        yield ManifestDifference(DifferenceType.IDENTITY, "version", *versions)


def _is_same_name(one: PluginName, two: PluginName) -> bool:
    # Most formats have no scopes: there, the plugin's name is written without its scope.
    return one == two or (one.name == two.name and None in (one.scope, two.scope))


def _compare_members(own: Draft, other: Draft) -> Iterator[ManifestDifference]:
    pairs = [
        (item.name, getattr(own, item.name), getattr(other, item.name))
        for item in fields(Draft)
        if item.name not in _SEPARATE_MEMBERS
    ]
    for mapping in ("kind_fields", "components", "extra"):
        selected, values = getattr(own, mapping), getattr(other, mapping)
        pairs += [
            (name, selected.get(name), value)
            for name, value in values.items()
            if name not in _GUARDED_FIELDS | _SEPARATE_MEMBERS
        ]
    for name, one, two in pairs:
        selected, value = build_json_value(one), build_json_value(two)
        if selected not in (None, "", [], {}) and value not in (None, "", [], {}, selected):
            key = format_json_key(name)
            yield ManifestDifference(DifferenceType.OTHER, key, selected, value)
