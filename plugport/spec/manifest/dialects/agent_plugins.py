"""`plugin.json` at the root: the open standard Agent Plugins 1.0.0 (https://agent-plugins.org).

A closed format: unknown top-level fields are reported and dropped, and anything else that its
schema does not allow refuses the plugin. What acts stands in `mcp.json`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from plugport.spec.manifest.dialects import rows
from plugport.spec.manifest.dialects.acting import read_toolset
from plugport.spec.manifest.dialects.base import Dialect, Package, Row
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Spot, each_member
from plugport.spec.manifest.identity import read_name
from plugport.spec.manifest.model import Person
from plugport.spec.manifest.people import read_person
from plugport.spec.manifest.permissions import join_permissions
from plugport.spec.names import PluginName
from plugport.spec.text import show

SCHEMA = "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json"

_REVERSE_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\Z")


def _read_schema(spot: Spot, _draft: Draft) -> None:
    if spot.value != SCHEMA:
        hint = f"Set `$schema` to `{SCHEMA}`."
        spot.fail(
            "is not that of Agent Plugins 1.0.0", "not-allowed-value", allowed=SCHEMA, hint=hint
        )


def _read_unscoped_name(spot: Spot) -> PluginName | None:
    name = read_name(spot)
    if name and name.scope:  # read_name knows scopes, the standard does not
        hint = "The standard has no scopes; give the scope when publishing."
        spot.fail(f"{show(str(name))} has a scope", "invalid-name", allowed="`name`", hint=hint)
        return None
    return name


def _read_strict_person(spot: Spot) -> Person | None:
    members = ("name", "email", "url")
    if not isinstance(spot.value, dict):
        spot.expect(f"an object with {', '.join(members)}")
        return None
    for key, member in each_member(spot):
        if key not in members:
            allowed = ", ".join(members)
            member.fail(f"{show(key)} is not allowed here", "unknown-field", allowed=allowed)
    known = {key: value for key, value in spot.value.items() if key in members}
    return read_person(Spot(known, spot.path, spot.faults))


def _read_text_only(row: Row) -> Row:
    def read(spot: Spot, draft: Draft) -> None:
        if isinstance(spot.value, str):
            row.read(spot, draft)
        else:
            spot.expect("text")

    return replace(row, read=read)


def _read_keywords(spot: Spot, draft: Draft) -> None:
    if isinstance(spot.value, list):
        rows.KEYWORDS.read(spot, draft)
    else:
        spot.expect("a list of texts")


def _read_extensions(spot: Spot, draft: Draft) -> None:
    for key, member in each_member(spot):
        if not isinstance(member.value, dict):
            member.expect("an object")
            continue
        if not _REVERSE_DOMAIN.match(key):
            allowed = "such as `org.example`"
            member.warn(f"{show(key)} is not a reverse domain", "not-a-domain", allowed=allowed)
        draft.extensions[key] = member.value


def _complete(root: Spot, draft: Draft, package: Package) -> None:
    components = Spot({}, root.path, root.faults)
    draft.permissions = join_permissions(draft.permissions, read_toolset(components, package))


DIALECT = Dialect(
    name="agent-plugins",
    title="Agent Plugins 1.0.0",
    path="plugin.json",
    format="json",
    kinds=("toolset",),
    rows=(
        Row(
            "$schema", "", f"`{SCHEMA}`; required", _read_schema, lambda _: SCHEMA, is_required=True
        ),
        rows.make_row(
            "name", "name", _read_unscoped_name, "`name`; required", lambda m: str(m.name)
        ),
        rows.VERSION,
        rows.DESCRIPTION,
        replace(
            rows.make_row("author", "author", _read_strict_person, "`{name, email, url}`"),
            write=rows.AUTHOR.write,
        ),
        rows.HOMEPAGE,
        replace(_read_text_only(rows.REPOSITORY), doc="URL"),
        _read_text_only(rows.LICENSE),
        replace(rows.KEYWORDS, read=_read_keywords),
        Row(
            "extensions",
            "extensions",
            "data for single clients, keyed by reverse domain",
            _read_extensions,
            lambda m: dict(m.extensions) or None,
        ),
    ),
    keeps_unknown=False,
    complete=_complete,
)
