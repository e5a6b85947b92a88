"""Reading a kind's own fields by the table in `kinds`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plugport.spec.manifest.document import describe
from plugport.spec.manifest.fields import (
    Spot,
    each_item,
    each_member,
    find_unsafe,
    read_choice,
    read_flag,
    read_line,
    read_list,
    read_path,
)
from plugport.spec.manifest.kinds import KindField
from plugport.spec.manifest.model import JsonValue
from plugport.spec.text import show

MAX_PROSE_LINE_CHARS = 1_000


def read_members(spot: Spot, fields: Sequence[KindField]) -> dict[str, JsonValue]:
    """Read a mapping by its table. Unknown members are kept, with a warning."""
    known = {field.name: field for field in fields}
    found: dict[str, JsonValue] = {}
    for key, member in each_member(spot):
        if key in known:
            value = read_kind_field(member, known[key])
        else:
            member.warn(f"{show(key)} is unknown here", "unknown-field", allowed=", ".join(known))
            value = member.value  # newer hosts may know it
        if value is not None:
            found[key] = value
    if isinstance(spot.value, dict):
        report_missing(spot, fields)
    return found


def report_missing(spot: Spot, fields: Sequence[KindField], note: str = "") -> None:
    """Report the fields of a mapping that are not there but should be."""
    assert isinstance(spot.value, dict)
    for field in fields:
        if field.need == "optional" or not _is_empty(spot.value.get(field.name)):
            continue
        missing = spot.child(field.name, None)
        if field.need == "required":
            missing.fail(f"is required{note}: {field.doc}", "missing-field")
        else:
            missing.warn(f"is missing{note}: {field.doc}", "missing-recommended")


def _is_empty(value: JsonValue) -> bool:
    return value in (None, [], {}) or (isinstance(value, str) and not value.strip())


def read_kind_field(spot: Spot, field: KindField) -> JsonValue:
    """Read one value by its row; None where it is absent or wrong."""
    if field.type in {"objects", "texts", "lines"}:
        return _read_items(spot, field) or None
    if field.type == "object":
        return read_members(spot, field.members) or None
    if field.type == "flag":
        return read_flag(spot)
    return spot.value if field.type == "any" else _read_text(spot, field)


def _read_items(spot: Spot, field: KindField) -> list[JsonValue]:
    if field.type == "objects":
        objects = each_item(spot, "a list of mappings")
        return [read_members(item, field.members) for item in objects]
    if field.type == "texts":
        return list(read_list(spot, lambda item: _read_text(item, field), "a list of texts") or ())
    lines = each_item(spot, "a list of lines")
    return [line for item in lines if (line := _read_prose_line(item)) is not None]


def _read_text(spot: Spot, field: KindField) -> str | None:
    if field.allowed:
        return read_choice(spot, field.allowed)
    text = read_path(spot) if field.type in {"path", "target"} else read_line(spot, 500)
    if text and field.pattern and not re.fullmatch(field.pattern, text):
        allowed = f"text like /{field.pattern}/"
        spot.fail(f"{show(text)} cannot be {field.doc}", "not-allowed-value", allowed=allowed)
        return None
    return text


def _read_prose_line(spot: Spot) -> str | None:
    # Leading blanks are meant here: the lines often hold code.
    if not isinstance(spot.value, str):
        spot.fail(f"must be text, found {describe(spot.value)}", "wrong-type")
        return None
    line = spot.value.rstrip()
    bad = find_unsafe(line, prose=True)
    if bad or len(line) > MAX_PROSE_LINE_CHARS or "\n" in line:
        reason = (
            f"contains {bad}" if bad else f"is not one line of {MAX_PROSE_LINE_CHARS} characters"
        )
        spot.fail(reason, "unsafe-character" if bad else "too-long")
        return None
    return line
