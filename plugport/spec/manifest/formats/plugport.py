"""`plugport.yaml`: the registry's own format, which can hold every manifest without loss."""

from __future__ import annotations

from msgspec.structs import replace

from plugport.spec.manifest.dependencies import parse_packages, parse_plugins
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Cursor, iter_members, parse_choice, parse_mapping
from plugport.spec.manifest.formats import (
    agent_relay,
    claude,
    common_fields,
    cortex,
    donkeylabs,
    omnibase,
)
from plugport.spec.manifest.formats.active_components import parse_toolset
from plugport.spec.manifest.formats.base import FormatField, ManifestFormat, PackageFiles, Scaffold
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.manifest.model import Dependencies, JsonValue, Manifest
from plugport.spec.manifest.permissions import join_permissions
from plugport.spec.text import quote_text

SCHEMA = 1
_SCAFFOLD_COMMENT = """
# The source repository, and the permissions that the plugin needs. Users review the permissions
# before they install the plugin.
# repository: https://git.example.org/me/my-plugin
# permissions:
#   network: [api.example.org]
#   env: [API_TOKEN]
#   filesystem: ["read:./data"]
"""


def _parse_schema(cursor: Cursor, _draft: Draft) -> None:
    # `True == 1` in Python, but `schema: true` is an error.
    if cursor.value is not True and cursor.value == SCHEMA:
        return
    cursor.fail(
        f"must be {SCHEMA}, the only version of this format", "not-allowed-value", allowed="1"
    )


def _parse_kind(cursor: Cursor, draft: Draft) -> None:
    draft.kind = parse_choice(cursor, KINDS)


def _parse_dependencies(cursor: Cursor, draft: Draft) -> None:
    parsers = {"plugins": parse_plugins, "packages": parse_packages, "peer": parse_packages}
    ranges: dict[str, dict[str, str]] = {}
    for key, member in iter_members(cursor):
        if key in parsers:
            ranges[key] = parsers[key](member)
        else:
            allowed = ", ".join(parsers)
            member.warn(
                f"{quote_text(key)} is not a known member", "unknown-field", allowed=allowed
            )
    draft.dependencies = Dependencies(**ranges)


def _build_dependencies_value(manifest: Manifest) -> JsonValue:
    members = {
        name: dict(getattr(manifest.dependencies, name)) for name in ("plugins", "packages", "peer")
    }
    return {name: ranges for name, ranges in members.items() if ranges} or None


def _parse_components(cursor: Cursor, draft: Draft) -> None:
    for name, member in iter_members(cursor):
        if name in claude.COMPONENTS:
            claude.check_component(name, member)
        draft.components[name] = member.value


def _complete(root: Cursor, draft: Draft, package: PackageFiles) -> None:
    # Assistants run the components of a toolset whether or not this manifest declares them.
    if draft.kind != "toolset":
        return
    components = root.child("components", dict(draft.components))
    draft.permissions = join_permissions(draft.permissions, parse_toolset(components, package))


def _build_mapping_field(name: str, doc: str) -> FormatField:
    return common_fields.build_field(
        name, name, parse_mapping, doc, lambda m: dict(getattr(m, name)) or None
    )


FORMAT = ManifestFormat(
    name="plugport",
    title="Plugport",
    path="plugport.yaml",
    syntax="yaml",
    kinds=tuple(KINDS),
    has_kind_fields=True,
    is_strict=True,
    complete=_complete,
    fields=(
        FormatField(
            "schema", "", "version of this format: `1`", _parse_schema, lambda _manifest: SCHEMA
        ),
        common_fields.NAME,
        common_fields.VERSION,
        FormatField(
            "kind",
            "kind",
            "one of the kinds below",
            _parse_kind,
            lambda m: m.kind,
            is_required=True,
        ),
        common_fields.DISPLAY_NAME,
        common_fields.DESCRIPTION,
        common_fields.AUTHOR,
        common_fields.LICENSE,
        common_fields.HOMEPAGE,
        common_fields.REPOSITORY,
        common_fields.CATEGORIES,
        common_fields.TAGS,
        common_fields.MAIN,
        common_fields.TYPES,
        common_fields.CONFIG,
        FormatField(
            "dependencies",
            "dependencies",
            "`{plugins, packages, peer}`",
            _parse_dependencies,
            _build_dependencies_value,
        ),
        common_fields.ENGINE,
        common_fields.FRAMEWORK,
        common_fields.PERMISSIONS,
        replace(
            _build_mapping_field("components", "components for coding assistants, by type"),
            parse=_parse_components,
        ),
        _build_mapping_field("extensions", "data for other programs, by reverse domain"),
        replace(
            _build_mapping_field("extra", "fields of other formats"),
            parse=lambda cursor, draft: draft.extra.update(parse_mapping(cursor) or {}),
        ),
    ),
    scaffolds={
        **{
            kind: Scaffold(
                ("common", "python/base", f"python/{kind}"), "plugin.py", scaffold.kind_fields
            )
            for kind, scaffold in agent_relay.FORMAT.scaffolds.items()
        },
        **donkeylabs.SCAFFOLDS,
        "toolset": replace(
            claude.SCAFFOLDS["toolset"],
            components={"commands": "./commands", "skills": "./skills"},
        ),
        **cortex.SCAFFOLDS,
        **omnibase.SCAFFOLDS,
    },
    scaffold_comment=_SCAFFOLD_COMMENT,
)
