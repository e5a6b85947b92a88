"""Read responses by their declarations, without failing on members that a client only displays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from msgspec import inspect

from plugport.spec.api.declared import MemberType, list_members, resolve_type

Answer = TypeVar("Answer")


def parse_leniently(declaration: type[Answer], document: Mapping[str, Any]) -> Answer:
    """Return the declared members of a response, each with the declared type.

    A registry may be older or newer than this client. Members it does not declare are left out; a
    required member that is missing or has another type becomes null where that is allowed, else an
    empty value of its type. Never raises. What a client acts on is checked by the caller.
    """
    values = {}
    for member in list_members(cast("type", declaration)):
        if member.is_required or member.name in document:
            values[member.name] = _coerce(member.type, document.get(member.name))
    return cast("Answer", values)


def _coerce(kind: MemberType, value: Any) -> Any:
    if kind.is_nullable and not _has_json_type(kind, value):
        return None
    match kind.base:
        case inspect.TypedDictType(cls=declaration):
            return parse_leniently(declaration, value if isinstance(value, dict) else {})
        case inspect.ListType(item_type=item_type):
            item = resolve_type(item_type)
            rows = value if isinstance(value, list) else []
            return [_coerce(item, row) for row in rows if _has_json_type(item, row)]
        case inspect.DictType(value_type=value_type):
            entry = resolve_type(value_type)
            entries = value.items() if isinstance(value, dict) else ()
            return {
                key: _coerce(entry, each) for key, each in entries if _has_json_type(entry, each)
            }
        case inspect.AnyType():
            return value
        case base:
            return value if _has_json_type(kind, value) else _PYTHON_TYPES[type(base)]()


_PYTHON_TYPES: dict[type, type] = {
    inspect.TypedDictType: dict,
    inspect.DictType: dict,
    inspect.ListType: list,
    inspect.StrType: str,
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.BoolType: bool,
}


def _has_json_type(kind: MemberType, value: Any) -> bool:
    if isinstance(kind.base, inspect.AnyType):
        return True
    expected = _PYTHON_TYPES[type(kind.base)]
    # In Python a boolean is an integer, and JSON writes the float 5.0 as 5 where it likes.
    if isinstance(value, bool):
        return expected is bool
    return isinstance(value, (int, float) if expected is float else expected)
