"""`manifest.yaml`: plugins of CORTEX. They run as containers."""

from __future__ import annotations

from msgspec.structs import replace

from plugport.spec.manifest.dependencies import (
    format_minimum_version,
    parse_minimum_version,
    parse_plugins,
)
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Cursor, iter_members, parse_flag
from plugport.spec.manifest.formats import common_fields
from plugport.spec.manifest.formats.base import FormatField, ManifestFormat, Scaffold
from plugport.spec.manifest.model import JsonValue, Manifest
from plugport.spec.manifest.permissions import (
    ANY,
    build_permissions,
    build_permissions_value,
    join_permissions,
    subtract_permissions,
)
from plugport.spec.text import quote_text

HOST = "cortex"
# `trust.network` and `trust.filesystem` are flags: they grant everything or nothing.
FULL_ACCESS = {"network": ANY, "filesystem": "write:/"}
SCAFFOLDS = {
    "container": Scaffold(
        ("common", "container"),
        kind_fields={
            "capabilities": [
                {"name": "run", "description": "Runs it once", "endpoint": "/run", "method": "POST"}
            ],
            "sandbox": True,
            "runtime": {"type": "docker", "image": "registry.example/{{slug}}:{{version}}"},
        },
    )
}
_TRUST_FIELDS = ("min_cortex_version", "sandbox", *FULL_ACCESS)


def _parse_trust(cursor: Cursor, draft: Draft) -> None:
    for key, member in iter_members(cursor):
        if key == "min_cortex_version":
            minimum = parse_minimum_version(member)
            draft.engine.update({HOST: minimum} if minimum else {})
        elif key == "sandbox":
            # An invalid value was reported. It must not disable the sandbox.
            draft.kind_fields["sandbox"] = parse_flag(member) is not False
        elif key in FULL_ACCESS:
            permissions = build_permissions(
                **{key: {FULL_ACCESS[key]}} if parse_flag(member) else {}
            )
            draft.permissions = join_permissions(draft.permissions, permissions)
        else:
            member.warn(
                f"{quote_text(key)} is not a known member",
                "unknown-field",
                allowed=", ".join(_TRUST_FIELDS),
            )


def _build_trust_value(manifest: Manifest) -> JsonValue:
    members: dict[str, JsonValue] = {
        "min_cortex_version": format_minimum_version(manifest.engine.get(HOST)),
        "sandbox": manifest.kind_fields.get("sandbox"),
    }
    for key, value in FULL_ACCESS.items():
        members[key] = value in getattr(manifest.permissions, key) or None
    return {key: value for key, value in members.items() if value is not None} or None


def _build_permissions_value(manifest: Manifest) -> JsonValue:
    full_access = build_permissions(**{key: {value} for key, value in FULL_ACCESS.items()})
    return build_permissions_value(subtract_permissions(manifest.permissions, full_access))


FORMAT = ManifestFormat(
    name="cortex",
    title="CORTEX",
    path="manifest.yaml",
    syntax="yaml",
    kinds=("container",),
    fields=(
        common_fields.NAME,
        common_fields.VERSION,
        common_fields.DISPLAY_NAME,
        common_fields.DESCRIPTION,
        common_fields.AUTHOR_LINE,
        common_fields.LICENSE,
        common_fields.HOMEPAGE,
        common_fields.REPOSITORY,
        common_fields.CATEGORIES,
        common_fields.TAGS,
        common_fields.build_kind_field("container", "runtime"),
        common_fields.build_kind_field("container", "capabilities"),
        FormatField(
            "trust",
            "permissions, engine, kindFields.sandbox",
            "`{min_cortex_version, sandbox, network, filesystem}`",
            _parse_trust,
            _build_trust_value,
        ),
        common_fields.build_dependency_field(
            "dependencies", "plugins", parse_plugins, "required plugins"
        ),
        replace(common_fields.PERMISSIONS, build_value=_build_permissions_value),
    ),
    shared_paths=frozenset({"manifest.yaml"}),
    scaffolds=SCAFFOLDS,
    host_command="cortex",
)
