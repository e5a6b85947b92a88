"""Parser of the fields of a kind, driven by the table in `kinds`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plugport.spec.manifest.document import describe_value
from plugport.spec.manifest.fields import (
    Cursor,
    iter_items,
    iter_members,
    parse_choice,
    parse_flag,
    parse_line,
    parse_list,
    parse_path,
)
from plugport.spec.manifest.kinds import KindField
from plugport.spec.manifest.model import JsonValue
from plugport.spec.text import find_unsafe_character, quote_text

MAX_PROSE_LINE_CHARS = 1_000


def parse_members(cursor: Cursor, fields: Sequence[KindField]) -> dict[str, JsonValue]:
    """Parse a mapping by its table. Unknown members are kept with a warning."""
    known = {field.name: field for field in fields}
    values: dict[str, JsonValue] = {}
    for key, member in iter_members(cursor):
        if key in known:
            value = parse_kind_field(member, known[key])
        else:
            member.warn(
                f"{quote_text(key)} is not a known member",
                "unknown-field",
                allowed=", ".join(known),
            )
            value = member.value  # a newer version of the host may know the member
        if value is not None:
            values[key] = value
    if isinstance(cursor.value, dict):
        report_missing(cursor, fields)
    return values


def report_missing(cursor: Cursor, fields: Sequence[KindField], note: str = "") -> None:
    """Report required and recommended fields that a mapping does not have."""
    assert isinstance(cursor.value, dict)
    for field in fields:
        # An empty value counts as missing: it would otherwise satisfy a required field.
        if field.need == "optional" or not _is_empty(cursor.value.get(field.name)):
            continue
        missing = cursor.child(field.name, None)
        if field.need == "required":
            missing.fail(f"is required{note}: {field.doc}", "missing-field")
        else:
            missing.warn(f"is missing{note}: {field.doc}", "missing-recommended")


def _is_empty(value: JsonValue) -> bool:
    return value in (None, [], {}) or (isinstance(value, str) and not value.strip())


def parse_kind_field(cursor: Cursor, field: KindField) -> JsonValue:
    """Parse one value by its description. Returns None if it is empty or invalid."""
    if field.type in {"objects", "texts", "lines"}:
        return _parse_items(cursor, field) or None
    if field.type == "object":
        return parse_members(cursor, field.members) or None
    if field.type == "flag":
        return parse_flag(cursor)
    return cursor.value if field.type == "any" else _parse_text(cursor, field)


def _parse_items(cursor: Cursor, field: KindField) -> list[JsonValue]:
    if field.type == "objects":
        objects = iter_items(cursor, "a list of mappings")
        return [parse_members(item, field.members) for item in objects]
    if field.type == "texts":
        return list(
            parse_list(cursor, lambda item: _parse_text(item, field), "a list of texts") or ()
        )
    lines = iter_items(cursor, "a list of lines", is_prose=True)
    return [line for item in lines if (line := _parse_prose_line(item)) is not None]


def _parse_text(cursor: Cursor, field: KindField) -> str | None:
    if field.allowed:
        return parse_choice(cursor, field.allowed)
    text = parse_path(cursor) if field.type in {"path", "target"} else parse_line(cursor, 500)
    if text and field.pattern and not re.fullmatch(field.pattern, text):
        allowed = f"text that matches /{field.pattern}/"
        cursor.fail(
            f"{quote_text(text)} is not valid for `{field.name}`: {field.doc}",
            "not-allowed-value",
            allowed=allowed,
        )
        return None
    return text


def _parse_prose_line(cursor: Cursor) -> str | None:
    # Leading white space stays: instructions often contain code.
    if not isinstance(cursor.value, str):
        cursor.fail(f"must be text, found {describe_value(cursor.value)}", "wrong-type")
        return None
    line = cursor.value.rstrip()
    unsafe = find_unsafe_character(line, prose=True)
    if unsafe or len(line) > MAX_PROSE_LINE_CHARS or "\n" in line:
        reason = (
            f"contains {unsafe}"
            if unsafe
            else f"must be one line of at most {MAX_PROSE_LINE_CHARS} characters"
        )
        cursor.fail(reason, "unsafe-character" if unsafe else "too-long")
        return None
    return line
