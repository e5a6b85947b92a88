"""`permissions` as plugins of Claude Code write them: their own form, tools, or `requires`."""

from __future__ import annotations

from plugport.spec.manifest.dialects.acting import read_acting
from plugport.spec.manifest.dialects.base import Package, Row
from plugport.spec.manifest.document import Document, Place
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Faults, Spot, each_item
from plugport.spec.manifest.model import JsonValue, Manifest, Permissions
from plugport.spec.manifest.permissions import (
    ANY,
    PERMISSION_NAMES,
    join_permissions,
    make_permissions,
    read_permissions,
    subtract_permissions,
    write_permissions,
)

# Tools of the assistant, and what a plugin that needs them can do. `.` is the user's project.
_TOOLS = {
    "read": make_permissions(filesystem={"read:."}),
    "glob": make_permissions(filesystem={"read:."}),
    "grep": make_permissions(filesystem={"read:."}),
    "write": make_permissions(filesystem={"write:."}),
    "edit": make_permissions(filesystem={"write:."}),
    "bash": make_permissions(exec={ANY}),
    "webfetch": make_permissions(network={ANY}),
    "websearch": make_permissions(network={ANY}),
    "network": make_permissions(network={ANY}),
}
_WORD_LISTS = ("requires", "optional", "tools")
# `network:host`, `secrets:NAME` and their like.
_PREFIXES = {"network": "network", "secrets": "env", "env": "env", "exec": "exec"}


def _read(spot: Spot, draft: Draft) -> None:
    if not isinstance(spot.value, dict):
        spot.expect("a mapping")
        return
    own = {key: value for key, value in spot.value.items() if key in PERMISSION_NAMES}
    asked = read_permissions(Spot(own, spot.path, spot.faults)) or Permissions()
    words = [
        _read_word(item)
        for key in _WORD_LISTS
        if key in spot.value
        for item in each_item(spot.child(key, spot.value[key]), "a list of texts")
    ]
    draft.permissions = join_permissions(draft.permissions, asked, *words)
    if write_permissions(asked) != spot.value:
        draft.extra["permissions"] = spot.value


def _read_word(spot: Spot) -> Permissions:
    if not isinstance(spot.value, str):
        spot.expect("text")
        return Permissions()
    tool, _, detail = spot.value.partition(":")
    if detail and tool in _PREFIXES:
        inner: dict[str, JsonValue] = {_PREFIXES[tool]: [detail]}
        return read_permissions(Spot(inner, spot.path, spot.faults)) or Permissions()
    if detail and tool in {"read", "write"}:
        listed: dict[str, JsonValue] = {"filesystem": [spot.value]}
        return read_permissions(Spot(listed, spot.path, spot.faults)) or Permissions()
    # `Bash(git *)` narrows a tool to some commands; which ones is not for this list.
    return _TOOLS.get(spot.value.partition("(")[0].lower(), Permissions())


def _write(manifest: Manifest) -> JsonValue:
    # What follows from the components inside the manifest need not be written.
    components = dict(manifest.components)
    faults = Faults(Document(components, {(): Place("manifest")}))
    implied = read_acting(Spot(components, (), faults), Package())
    return write_permissions(subtract_permissions(manifest.permissions, implied))


ROW = Row(
    "permissions",
    "permissions",
    "`{filesystem, network, exec, env, components}`, or lists `requires` and `optional` of tools",
    _read,
    _write,
)
