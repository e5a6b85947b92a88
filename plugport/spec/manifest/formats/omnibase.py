"""`node.onex.yaml`: components of OmniBase, which are validators, tools and pipelines.

The manifest of a node has many fields that only the framework uses. They are retained under their
own names, and checked if a wrong value would mislead users. All fields may be inside `metadata:`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec.structs import replace

from plugport.spec.manifest.dependencies import parse_range
from plugport.spec.manifest.document import Document
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import (
    Cursor,
    iter_items,
    parse_choice,
    parse_line,
    parse_mapping,
    parse_path,
)
from plugport.spec.manifest.formats import common_fields
from plugport.spec.manifest.formats.base import FormatField, ManifestFormat, PackageFiles, Scaffold
from plugport.spec.manifest.identity import NAME_RULE, parse_name
from plugport.spec.manifest.links import parse_url
from plugport.spec.manifest.model import JsonValue, Manifest, Repository
from plugport.spec.names import InvalidNameError, PluginName
from plugport.spec.ranges import InvalidRangeError, Range
from plugport.spec.text import quote_text

KINDS = ("validator", "tool", "pipeline")
SCAFFOLDS = {
    kind: Scaffold(
        ("common", f"component/{kind}"),
        kind_fields={
            "entrypoint": {"type": "python", "target": "node.py"},
            "lifecycle": "draft",
        },
    )
    for kind in KINDS
}
WRAPPER = "metadata"
_RETAINED_FIELDS = (
    "metadata_version protocol_version owner copyright created_at last_modified_at hash uuid "
    "schema_version state_contract base_class environment compatibility signature_block "
    "deprecated_by archived_reason execution_constraints security_context execution_mode testing "
    "os_requirements architectures container_image_reference compliance_profiles x-extensions "
    "x_extensions data_handling_declaration logging_config"
)
_RUNTIME = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9+#.-]*)\s*(?P<range>[<>=~^*\d].*)?\Z")


def unwrap_metadata(document: Document) -> Document:
    """Move the fields inside `metadata:` to the top level."""
    inner = document.root.get(WRAPPER)
    # A node with a name at the top level may use `metadata` for other data.
    if not isinstance(inner, dict) or "name" in document.root:
        return document
    outer = {key: value for key, value in document.root.items() if key != WRAPPER}
    positions = dict(document.positions)
    positions |= {
        path[1:]: position for path, position in positions.items() if path[:1] == (WRAPPER,)
    }
    return Document({**outer, **inner}, positions, document.problems)


def _parse_node_name(cursor: Cursor, draft: Draft) -> None:
    # Nodes are named like Python modules, so an underscore is valid here and becomes a dash.
    value = cursor.value
    if not isinstance(value, str) or "_" not in value:
        draft.name = parse_name(cursor)
        return
    draft.name = parse_name(Cursor(value.replace("_", "-"), cursor.path, cursor.problems))
    if draft.name:
        detail = f"{quote_text(value)} is published as `{draft.name}`"
        cursor.warn(detail, "name-normalised", allowed=NAME_RULE)
        draft.extra["name"] = value


def _parse_meta_type(cursor: Cursor, draft: Draft) -> None:
    draft.kind = parse_choice(cursor, KINDS)


def _parse_entrypoint(cursor: Cursor, draft: Draft) -> None:
    field = common_fields.build_kind_field("tool", "entrypoint")
    if isinstance(cursor.value, str) and " " in cursor.value.strip():
        entrypoint_type, target = cursor.value.strip().split(maxsplit=1)
        value: JsonValue = {"type": entrypoint_type, "target": target}
        field.parse(Cursor(value, cursor.path, cursor.problems), draft)
    elif isinstance(cursor.value, str):
        value = {"type": "python", "target": cursor.value}
        field.parse(Cursor(value, cursor.path, cursor.problems), draft)
    else:
        field.parse(cursor, draft)


def _parse_runtime(cursor: Cursor, draft: Draft) -> None:
    text = parse_line(cursor)
    match = _RUNTIME.match(text) if text else None
    # Python's `==` is `=` in npm.
    runtime_range = (match["range"] or "*").replace("==", "=") if match else ""
    try:
        Range.parse(runtime_range)
    except InvalidRangeError:
        match = None
    if match:
        draft.engine[match["name"].lower()] = runtime_range
    if text and (not match or _format_runtime(draft.engine) != text):
        draft.extra["runtime_language_hint"] = text


def _format_runtime(engine: dict[str, str]) -> str | None:
    if len(engine) != 1:
        return None
    name, runtime_range = next(iter(engine.items()))
    return name if runtime_range == "*" else f"{name}{runtime_range}"


_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")
_SCHEMA = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}\Z")


def _build_check(pattern: re.Pattern[str], expected: str) -> Callable[[Cursor], None]:
    def check(cursor: Cursor) -> None:
        if not isinstance(cursor.value, str):
            cursor.expect(expected)
        elif not pattern.match(cursor.value):
            cursor.fail(
                f"{quote_text(cursor.value)} is not {expected}",
                "not-allowed-value",
                allowed=expected,
            )

    return check


def _check_time(cursor: Cursor) -> None:
    expected = "a time such as `2025-05-17T10:05:00Z`"
    try:
        is_time = isinstance(cursor.value, str) and "T" in cursor.value
        datetime.fromisoformat(cursor.value if isinstance(cursor.value, str) else "")
    except ValueError:
        is_time = False
    if not is_time:
        cursor.fail(f"must be {expected}", "not-allowed-value", allowed=expected)


def _check_hash(cursor: Cursor) -> None:
    # The hash of the manifest is often a placeholder that a tool replaces later. The registry does
    # not rely on it: it computes its own digests.
    if not isinstance(cursor.value, str) or not _SHA256.match(cursor.value):
        cursor.warn("is not a SHA-256 in hexadecimal", "hash-not-computed", allowed="64 digits")


def _check_text(cursor: Cursor) -> None:
    parse_line(cursor)


_CHECKS: Mapping[str, Callable[[Cursor], None]] = {
    "schema_version": _build_check(_SCHEMA, "a version such as `0.1.0`"),
    "uuid": _build_check(_UUID, "a UUID"),
    "created_at": _check_time,
    "last_modified_at": _check_time,
    "hash": _check_hash,
    "state_contract": _check_text,
}


def _check_fields(root: Cursor) -> None:
    """Check fields on which the framework relies. All of them are optional."""
    assert isinstance(root.value, dict)
    for name, check in _CHECKS.items():
        if root.value.get(name) is not None:
            check(root.child(name, root.value[name]))


def _parse_source(cursor: Cursor, draft: Draft) -> None:
    """Parse the source repository. A commit hash is kept in `extra`."""
    members = parse_mapping(cursor)
    if members is None:
        return
    url = parse_url(cursor.child("url", members.get("url")))
    path = members.get("path")
    directory = parse_path(cursor.child("path", path)) if path is not None else None
    if url:
        draft.repository = Repository(url, directory=directory)
    if set(members) - {"url", "path"}:
        draft.extra["source_repository"] = cursor.value


def _build_source_value(manifest: Manifest) -> JsonValue:
    """Return the value of `source_repository`."""
    repository = manifest.repository
    if repository is None:
        return None
    pairs = {"url": repository.url, "path": repository.directory}
    return {key: value for key, value in pairs.items() if value}


_DEPENDENCY_TYPES = (
    "onex_node",
    "library",
    "binary",
    "external_service",
    "protocol_adherence",
    "data_source",
)
_DEPENDENCY_BINDINGS = (
    "injection",
    "runtime_lookup",
    "environment_variable",
    "implicit",
    "compile_time",
    "config_file",
)
_TARGET = re.compile(
    r"(?:tool|validator|pipeline|node)://(?P<path>[\w./-]{1,200})(?:@(?P<range>.+))?\Z"
)


def _parse_dependencies(cursor: Cursor, draft: Draft) -> None:
    """Parse the dependencies. Required components become plugin dependencies.

    Libraries, services and optional components are not installed by this registry. `extra` keeps
    all entries unchanged.
    """
    plugins: dict[str, str] = {}
    for item in iter_items(cursor, "a list"):
        target = _find_target(item)
        if target is not None:
            _add_component(target, plugins)
    draft.dependencies = replace(draft.dependencies, plugins=plugins)
    if cursor.value not in ([], ""):
        draft.extra["dependencies"] = cursor.value


def _find_target(item: Cursor) -> Cursor | None:
    if isinstance(item.value, str):
        return item
    if not isinstance(item.value, dict):
        item.expect("a URI or a mapping")
        return None
    members = item.value
    dependency_type = parse_choice(item.child("type", members.get("type")), _DEPENDENCY_TYPES)
    if members.get("binding") is not None:
        parse_choice(item.child("binding", members["binding"]), _DEPENDENCY_BINDINGS)
    for key in ("name", "target"):
        if not isinstance(members.get(key), str):
            item.child(key, members.get(key)).expect("text")
    # A missing optional component must not prevent the installation.
    is_required = dependency_type == "onex_node" and members.get("optional") is not True
    return item.child("target", members.get("target")) if is_required else None


def _add_component(target: Cursor, plugins: dict[str, str]) -> None:
    if not isinstance(target.value, str):
        return
    match = _TARGET.match(target.value)
    last = re.split(r"[./]", match["path"])[-1] if match else ""
    try:
        name = PluginName.parse(last.replace("_", "-"))
    except InvalidNameError:
        detail = f"{quote_text(target.value)} is not a component that the registry can install"
        target.warn(detail, "not-installable", allowed="such as `tool://tools.tree@>=0.2.0`")
        return
    plugin_range = parse_range(
        Cursor(match["range"] or "*" if match else "*", target.path, target.problems)
    )
    if plugin_range:
        plugins[str(name)] = plugin_range


def _complete(root: Cursor, _draft: Draft, _package: PackageFiles) -> None:
    _check_fields(root)


FORMAT = ManifestFormat(
    name="omnibase",
    title="OmniBase",
    path="node.onex.yaml",
    syntax="yaml",
    other_paths=("*.onex.yaml",),
    kinds=KINDS,
    fields=(
        FormatField(
            "name",
            "name",
            "name; underscores become dashes; required",
            _parse_node_name,
            lambda m: str(m.name),
        ),
        common_fields.VERSION,
        FormatField(
            "meta_type",
            "kind",
            f"one of {', '.join(KINDS)}; required",
            _parse_meta_type,
            lambda m: m.kind,
            is_required=True,
        ),
        common_fields.DISPLAY_NAME,
        common_fields.DESCRIPTION,
        common_fields.AUTHOR_LINE,
        common_fields.LICENSE,
        common_fields.HOMEPAGE,
        common_fields.TAGS,
        FormatField(
            "entrypoint",
            "kindFields.entrypoint",
            "`{type, target}`, or `python FILE`; required",
            _parse_entrypoint,
            lambda m: m.kind_fields.get("entrypoint"),
        ),
        common_fields.build_kind_field("tool", "namespace"),
        common_fields.build_kind_field("tool", "lifecycle"),
        common_fields.build_kind_field("tool", "capabilities"),
        common_fields.build_kind_field("tool", "protocols", "protocols_supported"),
        common_fields.build_kind_field("tool", "inputs"),
        common_fields.build_kind_field("tool", "outputs"),
        FormatField(
            "dependencies",
            "dependencies.plugins",
            "URIs or `{name, type, target}`",
            _parse_dependencies,
        ),
        FormatField(
            "source_repository",
            "repository",
            "`{url, path, commit_hash}`",
            _parse_source,
            _build_source_value,
            is_descriptive=True,
        ),
        FormatField(
            "runtime_language_hint",
            "engine",
            "such as `python>=3.11`",
            _parse_runtime,
            lambda m: _format_runtime(dict(m.engine)),
        ),
        common_fields.build_environment_field("environment"),
        common_fields.PERMISSIONS_WITHOUT_ENV,
    ),
    retained_fields=frozenset(_RETAINED_FIELDS.split()),
    prepare=unwrap_metadata,
    complete=_complete,
    scaffolds=SCAFFOLDS,
)
