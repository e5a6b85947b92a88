"""`plugin.json` at the root: the open standard Agent Plugins 1.0.0 (https://agent-plugins.org).

The standard requires clients to ignore unknown top-level fields, so they are dropped with a
warning. Everything else that its JSON schema does not allow is an error. MCP servers are declared
in `mcp.json`.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from plugport.spec.manifest.authors import build_strict_person_value, parse_person
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Cursor, iter_members
from plugport.spec.manifest.formats import common_fields
from plugport.spec.manifest.formats.active_components import parse_toolset
from plugport.spec.manifest.formats.base import FormatField, ManifestFormat, PackageFiles, Scaffold
from plugport.spec.manifest.identity import parse_name
from plugport.spec.manifest.model import Person
from plugport.spec.manifest.permissions import join_permissions
from plugport.spec.names import PluginName
from plugport.spec.text import quote_text

SCHEMA = "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json"

_REVERSE_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\Z")


def _parse_schema(cursor: Cursor, _draft: Draft) -> None:
    if cursor.value != SCHEMA:
        hint = f"Set `$schema` to `{SCHEMA}`."
        cursor.fail(
            "is not the schema of Agent Plugins 1.0.0",
            "not-allowed-value",
            allowed=SCHEMA,
            hint=hint,
        )


def _parse_unscoped_name(cursor: Cursor) -> PluginName | None:
    name = parse_name(cursor)
    if name and name.scope:
        hint = "The standard has no scopes. Remove the scope here, and set it when you publish."
        cursor.fail(
            f"{quote_text(str(name))} has a scope", "invalid-name", allowed="`name`", hint=hint
        )
        return None
    return name


def _parse_strict_person(cursor: Cursor) -> Person | None:
    members = ("name", "email", "url")
    if not isinstance(cursor.value, dict):
        cursor.expect(f"an object with {', '.join(members)}")
        return None
    for key, member in iter_members(cursor):
        if key not in members:
            allowed = ", ".join(members)
            member.fail(f"{quote_text(key)} is not allowed here", "unknown-field", allowed=allowed)
    known = {key: value for key, value in cursor.value.items() if key in members}
    return parse_person(Cursor(known, cursor.path, cursor.problems))


def _build_text_only_field(field: FormatField) -> FormatField:
    def parse(cursor: Cursor, draft: Draft) -> None:
        if isinstance(cursor.value, str):
            field.parse(cursor, draft)
        else:
            cursor.expect("text")

    return replace(field, parse=parse)


def _parse_keywords(cursor: Cursor, draft: Draft) -> None:
    if isinstance(cursor.value, list):
        common_fields.KEYWORDS.parse(cursor, draft)
    else:
        cursor.expect("a list of texts")


def _parse_extensions(cursor: Cursor, draft: Draft) -> None:
    for key, member in iter_members(cursor):
        if not isinstance(member.value, dict):
            member.expect("an object")
            continue
        if not _REVERSE_DOMAIN.match(key):
            allowed = "such as `org.example`"
            member.warn(
                f"{quote_text(key)} is not a reverse domain", "not-a-domain", allowed=allowed
            )
        draft.extensions[key] = member.value


def _complete(root: Cursor, draft: Draft, package: PackageFiles) -> None:
    components = Cursor({}, root.path, root.problems)
    draft.permissions = join_permissions(draft.permissions, parse_toolset(components, package))


FORMAT = ManifestFormat(
    name="agent-plugins",
    title="Agent Plugins",
    path="plugin.json",
    syntax="json",
    kinds=("toolset",),
    fields=(
        FormatField(
            "$schema",
            "",
            f"`{SCHEMA}`; required",
            _parse_schema,
            lambda _: SCHEMA,
            is_required=True,
        ),
        common_fields.build_field(
            "name", "name", _parse_unscoped_name, "`name`; required", lambda m: str(m.name)
        ),
        common_fields.VERSION,
        common_fields.DESCRIPTION,
        replace(
            common_fields.build_field(
                "author", "author", _parse_strict_person, "`{name, email, url}`"
            ),
            build_value=lambda m: build_strict_person_value(m.author) if m.author else None,
        ),
        common_fields.HOMEPAGE,
        replace(_build_text_only_field(common_fields.REPOSITORY), doc="URL"),
        _build_text_only_field(common_fields.LICENSE),
        replace(common_fields.KEYWORDS, parse=_parse_keywords),
        FormatField(
            "extensions",
            "extensions",
            "data for specific clients, by reverse domain",
            _parse_extensions,
            lambda m: dict(m.extensions) or None,
        ),
    ),
    retains_unknown_fields=False,
    is_strict=True,
    complete=_complete,
    content_paths=("skills", "mcp.json"),
    component_files={"mcpServers": ("mcp.json",)},
    root_variables=("PLUGIN_ROOT",),
    host_variables=frozenset({"PLUGIN_DATA"}),
    scaffolds={"toolset": Scaffold(("common", "assistant/skill"))},
)
