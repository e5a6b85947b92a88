"""`ar-plugin.yaml`: plugins of Agent Relay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from plugport.spec.manifest.dependencies import (
    format_minimum_version,
    parse_minimum_version,
    parse_packages,
)
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Cursor, parse_choice
from plugport.spec.manifest.formats import common_fields
from plugport.spec.manifest.formats.base import FormatField, ManifestFormat, PackageFiles, Scaffold
from plugport.spec.manifest.model import Config, Permissions
from plugport.spec.manifest.permissions import (
    build_permissions,
    build_permissions_value,
    join_permissions,
    subtract_permissions,
)
from plugport.spec.manifest.taxonomy import MAX_TAGS

HOST = "agent-relay"
# What a new plugin declares. The starter files of these kinds in `plugport.yaml` declare the same.
SCAFFOLD_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "bridge": {"provides": ["bidirectional"]},
    "storage": {"features": ["messages", "sessions"]},
    "memory": {"features": ["metadata_filter", "namespaces"]},
    "policy": {"features": ["roles", "permissions"]},
    "hook": {"hooks": ["onMessage", "onConnect", "onDisconnect"]},
    "widget": {"displays": [{"type": "metric", "data": "uptime_seconds", "title": "Uptime"}]},
}
KINDS = tuple(SCAFFOLD_FIELDS)

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,127}\Z")


def _parse_type(cursor: Cursor, draft: Draft) -> None:
    draft.kind = parse_choice(cursor, KINDS)


def _parse_min_version(cursor: Cursor, draft: Draft) -> None:
    minimum = parse_minimum_version(cursor)
    if minimum:
        draft.engine[HOST] = minimum


def build_environment_permissions(config: Config | None) -> Permissions:
    """Return the `env` permissions for settings that are named like environment variables."""
    # Agent Relay passes settings such as `SLACK_TOKEN` in the environment.
    names = (*config.required, *config.optional) if config else ()
    return build_permissions(env={name for name in names if _VARIABLE.match(name)})


def _complete(_root: Cursor, draft: Draft, _package: PackageFiles) -> None:
    draft.permissions = join_permissions(
        draft.permissions, build_environment_permissions(draft.config)
    )


FORMAT = ManifestFormat(
    name="agent-relay",
    title="Agent Relay",
    path="ar-plugin.yaml",
    syntax="yaml",
    kinds=KINDS,
    has_kind_fields=True,
    fields=(
        common_fields.NAME,
        common_fields.VERSION,
        FormatField(
            "type",
            "kind",
            f"one of {', '.join(KINDS)}; required",
            _parse_type,
            lambda m: m.kind,
            is_required=True,
        ),
        common_fields.DISPLAY_NAME,
        common_fields.DESCRIPTION,
        common_fields.AUTHOR,
        common_fields.REPOSITORY,
        common_fields.HOMEPAGE,
        common_fields.LICENSE,
        common_fields.MAIN,
        common_fields.TYPES,
        common_fields.CONFIG,
        common_fields.build_dependency_field(
            "dependencies", "packages", parse_packages, "required npm packages"
        ),
        common_fields.build_dependency_field(
            "peerDependencies", "peer", parse_packages, "packages of the host"
        ),
        common_fields.TAGS,
        common_fields.build_label_field(
            "keywords", "tags", MAX_TAGS, "joined with `tags`", is_written=False
        ),
        common_fields.CATEGORY,
        common_fields.MORE_CATEGORIES,
        FormatField(
            "minVersion",
            "engine",
            "minimum version of Agent Relay",
            _parse_min_version,
            lambda m: format_minimum_version(m.engine.get(HOST)),
        ),
        replace(
            common_fields.PERMISSIONS,
            build_value=lambda m: build_permissions_value(
                subtract_permissions(m.permissions, build_environment_permissions(m.config)),
            ),
        ),
    ),
    complete=_complete,
    scaffolds={
        kind: Scaffold(("common", f"javascript/{kind}"), "index.mjs", kind_fields)
        for kind, kind_fields in SCAFFOLD_FIELDS.items()
    },
    host_command="ar",
)
