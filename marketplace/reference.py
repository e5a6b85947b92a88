"""The OpenAPI document as the API's reference page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from registry.api.schema import build_document

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Type:
    """A type in words; `shape` names the entry of the page that describes it further."""

    text: str
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of an operation, or a member of a shape."""

    name: str
    type: Type
    meaning: str
    is_required: bool
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What may come back under one status."""

    status: str
    meaning: str
    type: Type | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    meaning: str
    needs_token: bool
    parameters: tuple[Field, ...]
    body: Type | None
    media_type: str
    answers: tuple[Answer, ...]
    failures: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object that the API takes or gives."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole page: operations under their headings, and the shapes they use."""

    groups: tuple[tuple[str, tuple[Operation, ...]], ...]
    shapes: tuple[Shape, ...]


@cache
def read_reference() -> Reference:
    """The reference of this server's API. It does not change while the process lives."""
    document = build_document()
    groups: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                groups.setdefault(operation["tags"][0], []).append(
                    _read_operation(path, method, operation)
                )
    shapes = document["components"]["schemas"].items()
    return Reference(
        tuple(
            (name, tuple(found))
            for name, found in sorted(groups.items(), key=lambda group: -len(group[1]))
        ),
        tuple(Shape(name, _read_members(schema)) for name, schema in sorted(shapes)),
    )


def _read_operation(path: str, method: str, operation: Mapping[str, Any]) -> Operation:
    media_type, body = _read_content(operation.get("requestBody", {}))
    answers = [_read_answer(*each) for each in sorted(operation["responses"].items())]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        meaning=_clean(operation.get("description", "")),
        needs_token={} not in operation["security"],
        parameters=tuple(_read_parameter(each) for each in operation.get("parameters", [])),
        body=body,
        media_type=media_type,
        answers=tuple(answer for answer in answers if answer.status < "400"),
        failures=tuple(answer for answer in answers if answer.status >= "400"),
    )


def _read_parameter(parameter: Mapping[str, Any]) -> Field:
    return Field(
        name=parameter["name"],
        type=describe_type(parameter["schema"]),
        meaning=_clean(parameter.get("description", "")),
        is_required=bool(parameter.get("required")),
        place=parameter["in"],
    )


def _read_content(holder: Mapping[str, Any]) -> tuple[str, Type | None]:
    for media_type, content in holder.get("content", {}).items():
        return media_type, describe_type(content.get("schema", {}))
    return "", None


def _read_answer(status: str, answer: Mapping[str, Any]) -> Answer:
    found = _read_content(answer)[1]
    return Answer(status, _clean(answer.get("description", "")), found)


def _read_members(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    required = set(schema.get("required", ()))
    return tuple(
        Field(name, describe_type(member), _read_meaning(member), name in required)
        for name, member in schema.get("properties", {}).items()
    )


def _read_meaning(member: Mapping[str, Any]) -> str:
    """The description, without the list of choices, which the type says already."""
    lines = str(member.get("description", "")).splitlines()
    return _clean("\n".join(line for line in lines if not line.startswith("* `")))


def _clean(text: str) -> str:
    return text.replace("`", "").strip()


def describe_type(schema: Mapping[str, Any]) -> Type:
    """A JSON schema in words: `text`, `list of File`, `one of auto, ask`, `whole number or null`."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return Type(name, name)
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return _join([describe_type(each) for each in schema[key]])
    if "enum" in schema:
        return Type("one of " + ", ".join(str(value) for value in schema["enum"]))
    kinds = schema.get("type", "object")
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    return _join([_describe_one(name, schema) for name in names])


def _join(types: list[Type]) -> Type:
    shape = next((each.shape for each in types if each.shape), "")
    return Type(" or ".join(dict.fromkeys(each.text for each in types)), shape)


_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
}


def _describe_one(name: str, schema: Mapping[str, Any]) -> Type:
    if name == "array":
        item = describe_type(schema.get("items", {}))
        return Type(f"list of {item.text}", item.shape)
    members = schema.get("additionalProperties")
    if name == "object" and isinstance(members, Mapping):
        value = describe_type(members)
        return Type(f"object of {value.text}", value.shape)
    if name == "string" and schema.get("format") in ("uuid", "binary", "uri", "date-time"):
        return Type({"binary": "file", "date-time": "time"}.get(schema["format"], schema["format"]))
    return Type(_WORDS.get(name, name) + _describe_bounds(schema))


def _describe_bounds(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    longest = schema.get("maxLength")
    return f", at most {longest} characters" if longest is not None else ""
