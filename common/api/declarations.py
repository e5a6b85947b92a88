"""Generate the OpenAPI schemas from the declarations in `plugport.spec.api`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast, is_typeddict

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import Direction
from msgspec import inspect

from plugport.spec.api.bodies import MetadataBody
from plugport.spec.api.declared import MemberType, list_members, resolve_type
from plugport.spec.api.plugins import TermCount
from plugport.spec.api.problems import FieldProblem

# Generated clients have classes of these names.
_SCHEMA_NAMES: dict[type, str] = {
    FieldProblem: "FieldFault",
    MetadataBody: "Metadata",
    TermCount: "Heading",
}
_JSON_TYPES: dict[type, dict[str, str]] = {
    inspect.StrType: {"type": "string"},
    inspect.BytesType: {"type": "string", "format": "binary"},
    inspect.IntType: {"type": "integer"},
    inspect.FloatType: {"type": "number", "format": "double"},
    inspect.BoolType: {"type": "boolean"},
}


@dataclass(slots=True)
class Declared:
    """A declaration on its way through drf-spectacular, which sets `partial` for PATCH."""

    declaration: Any
    partial: bool = False


def resolve_declaration(
    auto_schema: AutoSchema, declaration: type, direction: Direction
) -> ResolvedComponent:
    """Register the declaration as a component of the document and return it."""
    # The library's annotations know serializers alone, not what its extensions stand for.
    return auto_schema.resolve_serializer(cast("Any", Declared(declaration)), direction)


class DeclarationExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # the library's base is untyped
    """Lets `@extend_schema` take a `TypedDict` where it takes a serializer."""

    @classmethod
    def _matches(cls, target: Any) -> bool:
        return isinstance(target, Declared) or is_typeddict(target)

    @property
    def _declaration(self) -> type:
        target = self.target
        return target.declaration if isinstance(target, Declared) else target  # type: ignore[no-any-return]  # the library's attribute is untyped

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:
        """Return the name of the component, without the library's prefixes and suffixes."""
        return _SCHEMA_NAMES.get(self._declaration, self._declaration.__name__)

    def get_identity(self, auto_schema: AutoSchema, direction: Direction) -> type:
        """Return the declaration, by which the library finds two of the same name."""
        return self._declaration

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """Return the JSON schema of the object."""
        members = list_members(self._declaration)
        schema: dict[str, Any] = {"type": "object"}
        if self._declaration.__doc__:
            schema["description"] = self._declaration.__doc__.strip()
        schema["properties"] = {
            member.name: _build_schema(member.type, auto_schema, direction) for member in members
        }
        if required := sorted(member.name for member in members if member.is_required):
            schema["required"] = required
        if direction == "request":
            # Bodies are closed: validation refuses unknown fields.
            schema["additionalProperties"] = False
        return schema


def _build_schema(
    kind: MemberType, auto_schema: AutoSchema, direction: Direction
) -> dict[str, Any]:
    base, keywords = kind.base, dict(kind.keywords)
    if isinstance(base, inspect.AnyType):
        return keywords
    if isinstance(base, inspect.TypedDictType):
        reference = resolve_declaration(auto_schema, base.cls, direction).ref
        if kind.is_nullable:
            return {"oneOf": [reference, {"type": "null"}], **keywords}
        return {"allOf": [reference], **keywords} if keywords else reference
    schema = _build_type(base, auto_schema, direction) | keywords
    if kind.is_nullable:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema


def _build_type(
    base: inspect.Type, auto_schema: AutoSchema, direction: Direction
) -> dict[str, Any]:
    match base:
        case inspect.ListType(item_type=item_type, max_length=max_length):
            items = _build_schema(resolve_type(item_type), auto_schema, direction)
            return {"type": "array", "items": items, **_drop_none(maxItems=max_length)}
        case inspect.DictType(value_type=value_type):
            values = _build_schema(resolve_type(value_type), auto_schema, direction)
            return {"type": "object", "additionalProperties": values or True}
        case inspect.StrType(min_length=min_length, max_length=max_length, pattern=pattern):
            limits = _drop_none(minLength=min_length, maxLength=max_length, pattern=pattern)
            return {"type": "string", **limits}
        case _:
            return dict(_JSON_TYPES[type(base)])


def _drop_none(**keywords: Any) -> dict[str, Any]:
    return {name: value for name, value in keywords.items() if value is not None}
