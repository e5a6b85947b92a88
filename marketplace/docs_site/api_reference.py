"""The OpenAPI document, prepared for the page of the API reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.once import built_once
from registry.api.schema import build_document

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class TypeLabel:
    """The name of a type; `schema` is the schema that the page links to, if there is one."""

    text: str
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of an operation, or a member of a schema."""

    name: str
    type: TypeLabel
    description: str
    is_required: bool
    location: str = ""


@dataclass(frozen=True, slots=True)
class ResponseEntry:
    """The response with one status."""

    status: str
    description: str
    type: TypeLabel | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    description: str
    needs_token: bool
    parameters: tuple[Field, ...]
    body: TypeLabel | None
    media_type: str
    responses: tuple[ResponseEntry, ...]
    errors: tuple[ResponseEntry, ...]


@dataclass(frozen=True, slots=True)
class SchemaEntry:
    """An object in requests or responses."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The content of the page: operations grouped by resource, and the schemas they use."""

    groups: tuple[tuple[str, tuple[Operation, ...]], ...]
    schemas: tuple[SchemaEntry, ...]


@built_once
def build_reference() -> Reference:
    """Return the reference. It does not change while the process runs."""
    document = build_document()
    groups: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                groups.setdefault(operation["tags"][0], []).append(
                    _parse_operation(path, method, operation)
                )
    schemas = document["components"]["schemas"].items()
    return Reference(
        tuple(
            (name, tuple(operations))
            for name, operations in sorted(groups.items(), key=lambda group: -len(group[1]))
        ),
        tuple(SchemaEntry(name, _parse_properties(schema)) for name, schema in sorted(schemas)),
    )


def _parse_operation(path: str, method: str, operation: Mapping[str, Any]) -> Operation:
    media_type, body = _parse_content(operation.get("requestBody", {}))
    responses = [_parse_response(*each) for each in sorted(operation["responses"].items())]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        description=_strip_backticks(operation.get("description", "")),
        needs_token={} not in operation["security"],
        parameters=tuple(_parse_parameter(each) for each in operation.get("parameters", [])),
        body=body,
        media_type=media_type,
        responses=tuple(each for each in responses if each.status < "400"),
        errors=tuple(each for each in responses if each.status >= "400"),
    )


def _parse_parameter(parameter: Mapping[str, Any]) -> Field:
    return Field(
        name=parameter["name"],
        type=build_type_label(parameter["schema"]),
        description=_strip_backticks(parameter.get("description", "")),
        is_required=bool(parameter.get("required")),
        location=parameter["in"],
    )


def _parse_content(holder: Mapping[str, Any]) -> tuple[str, TypeLabel | None]:
    for media_type, content in holder.get("content", {}).items():
        return media_type, build_type_label(content.get("schema", {}))
    return "", None


def _parse_response(status: str, response: Mapping[str, Any]) -> ResponseEntry:
    label = _parse_content(response)[1]
    return ResponseEntry(status, _strip_backticks(response.get("description", "")), label)


def _parse_properties(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    required = set(schema.get("required", ()))
    return tuple(
        Field(
            name,
            build_type_label(member),
            _strip_backticks(member.get("description", "")),
            name in required,
        )
        for name, member in schema.get("properties", {}).items()
    )


def _strip_backticks(text: str) -> str:
    return text.replace("`", "").strip()


def build_type_label(schema: Mapping[str, Any]) -> TypeLabel:
    """Return the name of a type: `string`, `array of File`, `one of auto, ask`, `integer or null`."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return TypeLabel(name, name)
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return _join_labels([build_type_label(each) for each in schema[key]])
    if "enum" in schema:
        return TypeLabel("one of " + ", ".join(_format_enum_value(each) for each in schema["enum"]))
    is_object = "properties" in schema or "additionalProperties" in schema
    types = schema.get("type", "object" if is_object else "any JSON value")
    names = [types] if isinstance(types, str) else list(types)
    return _join_labels([_build_single_type_label(name, schema) for name in names])


def _format_enum_value(value: str | None) -> str:
    return "null" if value is None else value


def _join_labels(labels: list[TypeLabel]) -> TypeLabel:
    schema = next((label.schema for label in labels if label.schema), "")
    return TypeLabel(" or ".join(dict.fromkeys(label.text for label in labels)), schema)


def _build_single_type_label(name: str, schema: Mapping[str, Any]) -> TypeLabel:
    if name == "array":
        item = build_type_label(schema.get("items", {}))
        return TypeLabel(f"array of {item.text}", item.schema)
    members = schema.get("additionalProperties")
    if name == "object" and isinstance(members, Mapping):
        value = build_type_label(members)
        return TypeLabel(f"object of {value.text}", value.schema)
    if name == "string" and schema.get("format") in _FORMAT_NAMES:
        return TypeLabel(_FORMAT_NAMES[schema["format"]])
    return TypeLabel(name + _format_bounds(schema))


_FORMAT_NAMES = {"uuid": "UUID", "binary": "file", "uri": "URL", "date-time": "time"}


def _format_bounds(schema: Mapping[str, Any]) -> str:
    minimum, maximum = schema.get("minimum"), schema.get("maximum")
    if minimum is not None and maximum is not None:
        return f", {minimum} to {maximum}"
    max_length = schema.get("maxLength")
    return f", at most {max_length} characters" if max_length is not None else ""
