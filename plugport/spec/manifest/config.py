"""`config` of a manifest: a JSON schema, and which settings are required or optional."""

from __future__ import annotations

from plugport.spec.manifest.document import describe_value
from plugport.spec.manifest.fields import (
    Cursor,
    iter_members,
    parse_line,
    parse_list,
    parse_path,
)
from plugport.spec.manifest.model import Config, JsonValue
from plugport.spec.text import quote_text


def parse_config(cursor: Cursor) -> Config | None:
    """Parse `{schema, required, optional}`; `schema` is an object or the path of a file."""
    lists: dict[str, tuple[str, ...]] = {}
    schema: dict[str, JsonValue] = {}
    for key, member in iter_members(cursor):
        if key == "schema":
            schema = _parse_schema(member)
        elif key in {"required", "optional"}:
            lists[key] = parse_list(member, parse_line, "a list of setting names") or ()
        else:
            allowed = "schema, required, optional"
            member.warn(
                f"{quote_text(key)} is not a known member", "unknown-field", allowed=allowed
            )
    config = Config(schema, lists.get("required", ()), lists.get("optional", ()))
    return None if config == Config() else config


def _parse_schema(cursor: Cursor) -> dict[str, JsonValue]:
    if isinstance(cursor.value, str):
        path = parse_path(cursor)
        return {"$ref": path} if path else {}
    if isinstance(cursor.value, dict):
        return cursor.value
    cursor.fail(
        f"must be a JSON schema or a path, found {describe_value(cursor.value)}", "wrong-type"
    )
    return {}


def build_config_value(config: Config | None) -> JsonValue:
    """Return the value of `config` without empty members, or None."""
    if config is None:
        return None
    reference = config.schema.get("$ref")
    # `{"$ref": "file.json"}` was a path; `#/…` refers to the schema itself.
    is_path = len(config.schema) == 1 and isinstance(reference, str) and "#" not in reference
    members: dict[str, JsonValue] = {
        "schema": reference if is_path else dict(config.schema),
        "required": list(config.required),
        "optional": list(config.optional),
    }
    return {key: value for key, value in members.items() if value} or None
