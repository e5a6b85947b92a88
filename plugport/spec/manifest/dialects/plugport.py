"""`plugport.yaml`: the superset, which can say everything the model holds."""

from __future__ import annotations

from dataclasses import replace

from plugport.spec.manifest.dependencies import read_packages, read_plugins
from plugport.spec.manifest.dialects import claude, rows
from plugport.spec.manifest.dialects.acting import read_toolset
from plugport.spec.manifest.dialects.base import Dialect, Package, Row
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Spot, each_member, read_choice, read_mapping
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.manifest.model import Dependencies, JsonValue, Manifest
from plugport.spec.manifest.permissions import join_permissions
from plugport.spec.text import show

SCHEMA = 1


def _read_schema(spot: Spot, _draft: Draft) -> None:
    if spot.value is not True and spot.value == SCHEMA:
        return
    spot.fail(f"must be {SCHEMA}, the only edition there is", "not-allowed-value", allowed="1")


def _read_kind(spot: Spot, draft: Draft) -> None:
    draft.kind = read_choice(spot, KINDS)


def _read_dependencies(spot: Spot, draft: Draft) -> None:
    readers = {"plugins": read_plugins, "packages": read_packages, "peer": read_packages}
    found: dict[str, dict[str, str]] = {}
    for key, member in each_member(spot):
        if key in readers:
            found[key] = readers[key](member)
        else:
            allowed = ", ".join(readers)
            member.warn(f"{show(key)} is unknown here", "unknown-field", allowed=allowed)
    draft.dependencies = Dependencies(**found)


def _write_dependencies(manifest: Manifest) -> JsonValue:
    sorts = {
        name: dict(getattr(manifest.dependencies, name)) for name in ("plugins", "packages", "peer")
    }
    return {name: ranges for name, ranges in sorts.items() if ranges} or None


def _read_components(spot: Spot, draft: Draft) -> None:
    for name, member in each_member(spot):
        if name in claude.COMPONENTS:
            claude.check_component(name, member)
        draft.components[name] = member.value


def _complete(root: Spot, draft: Draft, package: Package) -> None:
    """Add what a toolset's parts do: assistants run them whatever this manifest says of them."""
    if draft.kind != "toolset":
        return
    components = root.child("components", dict(draft.components))
    draft.permissions = join_permissions(draft.permissions, read_toolset(components, package))


def _make_mapping_row(name: str, doc: str) -> Row:
    return rows.make_row(name, name, read_mapping, doc, lambda m: dict(getattr(m, name)) or None)


DIALECT = Dialect(
    name="plugport",
    title="Plugport",
    path="plugport.yaml",
    format="yaml",
    kinds=tuple(KINDS),
    has_kind_rows=True,
    complete=_complete,
    rows=(
        Row("schema", "", "edition of this format: `1`", _read_schema, lambda _manifest: SCHEMA),
        rows.NAME,
        rows.VERSION,
        Row(
            "kind", "kind", "one of the kinds below", _read_kind, lambda m: m.kind, is_required=True
        ),
        rows.DISPLAY_NAME,
        rows.DESCRIPTION,
        rows.AUTHOR,
        rows.LICENSE,
        rows.HOMEPAGE,
        rows.REPOSITORY,
        rows.CATEGORIES,
        rows.TAGS,
        rows.MAIN,
        rows.TYPES,
        rows.CONFIG,
        Row(
            "dependencies",
            "dependencies",
            "`{plugins, packages, peer}`",
            _read_dependencies,
            _write_dependencies,
        ),
        rows.ENGINE,
        rows.FRAMEWORK,
        rows.PERMISSIONS,
        replace(
            _make_mapping_row("components", "parts for coding assistants, by sort"),
            read=_read_components,
        ),
        _make_mapping_row("extensions", "data for others, keyed by reverse domain"),
        replace(
            _make_mapping_row("extra", "fields of other formats that are kept"),
            read=lambda spot, draft: draft.extra.update(read_mapping(spot) or {}),
        ),
    ),
)
