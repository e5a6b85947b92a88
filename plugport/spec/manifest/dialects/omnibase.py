"""`node.onex.yaml`: components of OmniBase: validators, tools and pipelines.

Node manifests have many fields that matter only to the framework. They are checked where a wrong
value would mislead (`onex_checks`), and kept by their own names. A component may also stand under
`metadata:`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from plugport.spec.manifest.dialects import onex_checks, rows
from plugport.spec.manifest.dialects.base import Dialect, Package, Row
from plugport.spec.manifest.dialects.onex_dependencies import read_dependencies
from plugport.spec.manifest.document import Document
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Spot, read_choice, read_line, read_list
from plugport.spec.manifest.identity import NAME_RULE, read_name
from plugport.spec.manifest.model import JsonValue, Manifest
from plugport.spec.manifest.permissions import (
    join_permissions,
    make_permissions,
    read_env_name,
    subtract_permissions,
    write_permissions,
)
from plugport.spec.ranges import InvalidRangeError, Range
from plugport.spec.text import show

KINDS = ("validator", "tool", "pipeline")
WRAPPER = "metadata"
_KEPT = (
    "metadata_version protocol_version owner copyright created_at last_modified_at hash uuid "
    "schema_version state_contract base_class environment compatibility signature_block "
    "deprecated_by archived_reason execution_constraints security_context execution_mode testing "
    "os_requirements architectures container_image_reference compliance_profiles x-extensions "
    "x_extensions data_handling_declaration logging_config"
)
_RUNTIME = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9+#.-]*)\s*(?P<range>[<>=~^*\d].*)?\Z")


def lift_wrapped(document: Document) -> Document:
    """Bring the fields under `metadata:` to the top; what stands beside it stays."""
    inner = document.root.get(WRAPPER)
    if not isinstance(inner, dict) or "name" in document.root:
        return document
    outer = {key: value for key, value in document.root.items() if key != WRAPPER}
    places = dict(document.places)
    places |= {path[1:]: place for path, place in places.items() if path[:1] == (WRAPPER,)}
    return Document({**outer, **inner}, places, document.faults)


def _read_node_name(spot: Spot, draft: Draft) -> None:
    # Nodes are Python modules, so underscores are the rule there and cannot be a mistake.
    value = spot.value
    if not isinstance(value, str) or "_" not in value:
        draft.name = read_name(spot)
        return
    draft.name = read_name(Spot(value.replace("_", "-"), spot.path, spot.faults))
    if draft.name:
        detail = f"{show(value)} is published as `{draft.name}`"
        spot.warn(detail, "name-normalised", allowed=NAME_RULE)
        draft.extra["name"] = value


def _read_meta_type(spot: Spot, draft: Draft) -> None:
    draft.kind = read_choice(spot, KINDS)


def _read_entrypoint(spot: Spot, draft: Draft) -> None:
    row = rows.make_kind_row("tool", "entrypoint")
    if isinstance(spot.value, str) and " " in spot.value.strip():
        sort, target = spot.value.strip().split(maxsplit=1)
        value: JsonValue = {"type": sort, "target": target}
        row.read(Spot(value, spot.path, spot.faults), draft)
    elif isinstance(spot.value, str):
        value = {"type": "python", "target": spot.value}
        row.read(Spot(value, spot.path, spot.faults), draft)
    else:
        row.read(spot, draft)


def _read_runtime(spot: Spot, draft: Draft) -> None:
    text = read_line(spot)
    found = _RUNTIME.match(text) if text else None
    # Python writes `==` for what npm writes as `=`.
    wanted = (found["range"] or "*").replace("==", "=") if found else ""
    try:
        Range.parse(wanted)
    except InvalidRangeError:
        found = None
    if found:
        draft.engine[found["name"].lower()] = wanted
    if text and (not found or _spell_runtime(draft.engine) != text):
        draft.extra["runtime_language_hint"] = text


def _spell_runtime(engine: dict[str, str]) -> str | None:
    if len(engine) != 1:
        return None
    name, wanted = next(iter(engine.items()))
    return name if wanted == "*" else f"{name}{wanted}"


def _read_environment(spot: Spot, draft: Draft) -> None:
    names = read_list(spot, read_env_name, "a list of variable names") or ()
    draft.permissions = join_permissions(draft.permissions, make_permissions(env=names))


def _write_permissions(manifest: Manifest) -> JsonValue:
    # They stand in `environment` already.
    written_before = make_permissions(env=manifest.permissions.env)
    return write_permissions(subtract_permissions(manifest.permissions, written_before))


def _complete(root: Spot, _draft: Draft, _package: Package) -> None:
    onex_checks.check_fields(root)


DIALECT = Dialect(
    name="omnibase",
    title="OmniBase",
    path="node.onex.yaml",
    format="yaml",
    kinds=KINDS,
    rows=(
        Row(
            "name",
            "name",
            "name; underscores become dashes; required",
            _read_node_name,
            lambda m: str(m.name),
        ),
        rows.VERSION,
        Row(
            "meta_type",
            "kind",
            f"one of {', '.join(KINDS)}; required",
            _read_meta_type,
            lambda m: m.kind,
            is_required=True,
        ),
        rows.DISPLAY_NAME,
        rows.DESCRIPTION,
        rows.AUTHOR_LINE,
        rows.LICENSE,
        rows.HOMEPAGE,
        rows.TAGS,
        Row(
            "entrypoint",
            "kindFields.entrypoint",
            "`{type, target}`, or `python FILE`; required",
            _read_entrypoint,
            lambda m: m.kind_fields.get("entrypoint"),
        ),
        rows.make_kind_row("tool", "namespace"),
        rows.make_kind_row("tool", "lifecycle"),
        rows.make_kind_row("tool", "capabilities"),
        rows.make_kind_row("tool", "protocols", "protocols_supported"),
        rows.make_kind_row("tool", "inputs"),
        rows.make_kind_row("tool", "outputs"),
        Row(
            "dependencies",
            "dependencies.plugins",
            "URIs or `{name, type, target}`",
            read_dependencies,
        ),
        Row(
            "source_repository",
            "repository",
            "`{url, path, commit_hash}`",
            onex_checks.read_source,
            onex_checks.write_source,
        ),
        Row(
            "runtime_language_hint",
            "engine",
            "such as `python>=3.11`",
            _read_runtime,
            lambda m: _spell_runtime(dict(m.engine)),
        ),
        Row(
            "environment",
            "permissions.env",
            "environment variables it reads",
            _read_environment,
            lambda m: list(m.permissions.env) or None,
        ),
        replace(rows.PERMISSIONS, write=_write_permissions),
    ),
    kept=frozenset(_KEPT.split()),
    prepare=lift_wrapped,
    complete=_complete,
)
