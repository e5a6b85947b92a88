"""Compare the capabilities that two releases declare in the fields of their kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from plugport.spec.manifest.kinds import KINDS

ValuesByField = Mapping[str, tuple[str, ...]]


class CapabilityChange(Struct, frozen=True):
    """Values by field (`provides`, `features`, `capabilities`, …). Empty fields are left out."""

    gained: ValuesByField
    lost: ValuesByField


def compare_capabilities(before: Mapping[str, Any], after: Mapping[str, Any]) -> CapabilityChange:
    """The difference in capabilities of two normalized manifests."""
    old, new = _build_capabilities(before), _build_capabilities(after)
    return CapabilityChange(_subtract(new, old), _subtract(old, new))


def _build_capabilities(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    kind = KINDS.get(str(manifest.get("kind")))
    given = manifest.get("kindFields", {})
    capabilities: dict[str, tuple[str, ...]] = {}
    for field in kind.fields if kind else ():
        value = given.get(field.name)
        if field.type == "text" and isinstance(value, str):
            capabilities[field.name] = (value,)
        elif field.type in ("texts", "objects") and isinstance(value, list):
            capabilities[field.name] = tuple(filter(None, map(_get_name, value)))
    return capabilities


def _get_name(item: object) -> str:
    """The text of a list item, or the `name` of an object; "" for anything else."""
    name = item.get("name") if isinstance(item, Mapping) else item
    return name if isinstance(name, str) else ""


def _subtract(values: ValuesByField, known: ValuesByField) -> ValuesByField:
    """The values that are not known in the same field."""
    rest = {
        field: tuple(value for value in dict.fromkeys(each) if value not in known.get(field, ()))
        for field, each in sorted(values.items())
    }
    return {field: each for field, each in rest.items() if each}
