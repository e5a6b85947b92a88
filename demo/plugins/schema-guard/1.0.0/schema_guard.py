"""Checks records against a small schema: compile once, then one call a record."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

Check = Callable[[Any, str], Iterator[str]]

KEYWORDS = frozenset(
    "type required properties additionalProperties items enum minimum maximum minLength maxLength "
    "title description".split()
)
TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    # In JSON a boolean is no number, in Python it is one.
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


class SchemaError(ValueError):
    """The schema itself is wrong."""


def compile_schema(schema: dict[str, Any]) -> Callable[[Any], list[str]]:
    """A function that lists the faults of a record. Raises SchemaError."""
    check = _compile(schema, "schema")
    return lambda record: list(check(record, ""))


def _compile(schema: Any, where: str) -> Check:
    if not isinstance(schema, dict):
        raise SchemaError(f"{where} must be an object")
    if unknown := sorted(set(schema) - KEYWORDS):
        raise SchemaError(f"{where} has keywords that are not supported: {', '.join(unknown)}")
    types = _list_types(schema, where)
    properties = {
        name: _compile(inner, f"{where}.properties.{name}")
        for name, inner in schema.get("properties", {}).items()
    }
    items = _compile(schema["items"], f"{where}.items") if "items" in schema else None

    def check(value: Any, path: str) -> Iterator[str]:
        if types and not any(TYPES[name](value) for name in types):
            yield _say(path, f"expected {' or '.join(types)}, found {_type_name(value)}")
            return
        if "enum" in schema and value not in schema["enum"]:
            allowed = ", ".join(map(str, schema["enum"]))
            yield _say(path, f"`{value}` is none of {allowed}")
        yield from _check_bounds(schema, value, path)
        if isinstance(value, dict):
            yield from _check_object(schema, properties, value, path)
        if isinstance(value, list) and items:
            for index, item in enumerate(value):
                yield from items(item, f"{path}[{index}]")

    return check


def _list_types(schema: dict[str, Any], where: str) -> list[str]:
    given = schema.get("type", [])
    types = [given] if isinstance(given, str) else list(given)
    if unknown := [name for name in types if name not in TYPES]:
        raise SchemaError(f"{where}.type: {unknown[0]!r} is none of {', '.join(TYPES)}")
    return types


def _check_bounds(schema: dict[str, Any], value: Any, path: str) -> Iterator[str]:
    if TYPES["number"](value):
        if value < schema.get("minimum", value):
            yield _say(path, f"{value} is less than {schema['minimum']}")
        if value > schema.get("maximum", value):
            yield _say(path, f"{value} is more than {schema['maximum']}")
    if isinstance(value, str):
        length = len(value)
        if length < schema.get("minLength", 0):
            yield _say(path, f"has {length} characters, at least {schema['minLength']} are needed")
        if length > schema.get("maxLength", length):
            yield _say(path, f"has {length} characters, at most {schema['maxLength']} are allowed")


def _check_object(
    schema: dict[str, Any], properties: dict[str, Check], value: dict[str, Any], path: str
) -> Iterator[str]:
    for name in schema.get("required", []):
        if name not in value:
            yield _say(_join(path, name), "is missing")
    for name, inner in value.items():
        if name in properties:
            yield from properties[name](inner, _join(path, name))
        elif schema.get("additionalProperties") is False:
            yield _say(_join(path, name), "is not known")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _say(path: str, fault: str) -> str:
    return f"{path or 'record'}: {fault}"


def _type_name(value: Any) -> str:
    return next(name for name, fits in TYPES.items() if fits(value))


def main(arguments: list[str]) -> int:
    """`schema_guard.py SCHEMA RECORDS`."""
    if len(arguments) != 2:
        print("usage: schema_guard.py SCHEMA RECORDS", file=sys.stderr)
        return 2
    schema_path, records_path = arguments
    faults = count = 0
    try:
        with open(schema_path, encoding="utf-8") as stream:
            check = compile_schema(json.load(stream))
        with open(records_path, encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                count += 1
                try:
                    found = check(json.loads(line))
                except json.JSONDecodeError as error:
                    found = [f"record: is not JSON: {error.msg}"]
                faults += len(found)
                for fault in found:
                    print(f"{records_path}:{number}: {fault}")
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{faults} faults in {count} records")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
