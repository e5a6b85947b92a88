"""`dependencies` of OmniBase: URIs such as `tool://tools.tree@>=0.2.0`, alone or described."""

from __future__ import annotations

import re
from dataclasses import replace

from plugport.spec.manifest.dependencies import read_range
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Spot, each_item, read_choice
from plugport.spec.names import InvalidNameError, PluginName
from plugport.spec.text import show

TYPES = (
    "onex_node",
    "library",
    "binary",
    "external_service",
    "protocol_adherence",
    "data_source",
)
BINDINGS = (
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


def read_dependencies(spot: Spot, draft: Draft) -> None:
    """Read the components that must be installed; all entries are kept as they are as well.

    Libraries, services and optional components are not for this registry to install.
    """
    plugins: dict[str, str] = {}
    for item in each_item(spot, "a list"):
        target = _find_target(item)
        if target is not None:
            _add_component(target, plugins)
    draft.dependencies = replace(draft.dependencies, plugins=plugins)
    if spot.value not in ([], ""):
        draft.extra["dependencies"] = spot.value


def _find_target(item: Spot) -> Spot | None:
    if isinstance(item.value, str):
        return item
    if not isinstance(item.value, dict):
        item.expect("a URI or a mapping")
        return None
    members = item.value
    sort = read_choice(item.child("type", members.get("type")), TYPES)
    if members.get("binding") is not None:
        read_choice(item.child("binding", members["binding"]), BINDINGS)
    for key in ("name", "target"):
        if not isinstance(members.get(key), str):
            item.child(key, members.get(key)).expect("text")
    # What may be missing must not keep a plugin from being installed.
    is_needed = sort == "onex_node" and members.get("optional") is not True
    return item.child("target", members.get("target")) if is_needed else None


def _add_component(target: Spot, plugins: dict[str, str]) -> None:
    if not isinstance(target.value, str):
        return
    found = _TARGET.match(target.value)
    last = re.split(r"[./]", found["path"])[-1] if found else ""
    try:
        name = PluginName.parse(last.replace("_", "-"))
    except InvalidNameError:
        detail = f"{show(target.value)} names no component this registry can install"
        target.warn(detail, "not-installable", allowed="such as `tool://tools.tree@>=0.2.0`")
        return
    wanted = read_range(Spot(found["range"] or "*" if found else "*", target.path, target.faults))
    if wanted:
        plugins[str(name)] = wanted
