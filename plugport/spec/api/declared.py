"""Look into a declaration: its members, and what each member's type allows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from msgspec import inspect


class MemberType(NamedTuple):
    """A type without its wrappers."""

    base: inspect.Type
    is_nullable: bool
    # Further keywords of JSON Schema: `description`, `enum`, `format`.
    keywords: Mapping[str, Any]


class Member(NamedTuple):
    """One member of a JSON object."""

    name: str
    type: MemberType
    is_required: bool


@cache
def list_members(declaration: type) -> tuple[Member, ...]:
    """Return the members of a `TypedDict` in the order in which it declares them."""
    info = inspect.type_info(declaration)
    assert isinstance(info, inspect.TypedDictType)
    # msgspec sorts the fields by name.
    fields = {field.name: field for field in info.fields}
    return tuple(
        Member(name, resolve_type(fields[name].type), fields[name].required)
        for name in declaration.__annotations__
    )


def resolve_type(info: inspect.Type) -> MemberType:
    """Unwrap `Annotated` and `X | None`. Other unions are not used in declarations."""
    if isinstance(info, inspect.Metadata):
        inner = resolve_type(info.type)
        return inner._replace(keywords={**inner.keywords, **(info.extra_json_schema or {})})
    if isinstance(info, inspect.UnionType):
        (other,) = (each for each in info.types if not isinstance(each, inspect.NoneType))
        return resolve_type(other)._replace(is_nullable=True)
    return MemberType(info, is_nullable=False, keywords={})
