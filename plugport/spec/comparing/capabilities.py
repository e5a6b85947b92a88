"""What a release says it can do that another does not: the word lists of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugport.spec.manifest.kinds import KINDS

Words = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class CapabilityChange:
    """Words by field (`provides`, `features`, `capabilities`, ...), without empty fields."""

    gained: Words
    lost: Words


def compare_capabilities(before: Mapping[str, Any], after: Mapping[str, Any]) -> CapabilityChange:
    """What differs in the capabilities of two normalised manifests."""
    old, new = _read(before), _read(after)
    return CapabilityChange(_subtract(new, old), _subtract(old, new))


def _read(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    kind = KINDS.get(str(manifest.get("kind")))
    given = manifest.get("kindFields", {})
    found: dict[str, tuple[str, ...]] = {}
    for field in kind.fields if kind else ():
        value = given.get(field.name)
        if field.type == "text" and isinstance(value, str):
            found[field.name] = (value,)
        elif field.type in ("texts", "objects") and isinstance(value, list):
            found[field.name] = tuple(filter(None, map(_name, value)))
    return found


def _name(item: object) -> str:
    """A word of a list, or the name of an object in it."""
    found = item.get("name") if isinstance(item, Mapping) else item
    return found if isinstance(found, str) else ""


def _subtract(words: Words, known: Words) -> Words:
    """The words that are not known in the same field."""
    rest = {
        field: tuple(word for word in dict.fromkeys(each) if word not in known.get(field, ()))
        for field, each in sorted(words.items())
    }
    return {field: each for field, each in rest.items() if each}
