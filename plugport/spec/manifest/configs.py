"""Reading a plugin's settings: a JSON schema, and which keys are required or optional."""

from __future__ import annotations

from plugport.spec.manifest.document import describe
from plugport.spec.manifest.fields import (
    Spot,
    each_member,
    read_line,
    read_list,
    read_path,
)
from plugport.spec.manifest.model import Config, JsonValue
from plugport.spec.text import show


def read_config(spot: Spot) -> Config | None:
    """Read `{schema, required, optional}`; `schema` is an object, or a path to a file with it."""
    lists: dict[str, tuple[str, ...]] = {}
    schema: dict[str, JsonValue] = {}
    for key, member in each_member(spot):
        if key == "schema":
            schema = _read_schema(member)
        elif key in {"required", "optional"}:
            lists[key] = read_list(member, read_line, "a list of setting names") or ()
        else:
            allowed = "schema, required, optional"
            member.warn(f"{show(key)} is unknown here", "unknown-field", allowed=allowed)
    config = Config(schema, lists.get("required", ()), lists.get("optional", ()))
    return None if config == Config() else config


def _read_schema(spot: Spot) -> dict[str, JsonValue]:
    if isinstance(spot.value, str):
        path = read_path(spot)
        return {"$ref": path} if path else {}
    if isinstance(spot.value, dict):
        return spot.value
    spot.fail(f"must be a JSON schema or a path, found {describe(spot.value)}", "wrong-type")
    return {}


def write_config(config: Config | None) -> JsonValue:
    """Write settings without what is empty."""
    if config is None:
        return None
    reference = config.schema.get("$ref")
    # A reference into the schema itself is no file.
    is_path = len(config.schema) == 1 and isinstance(reference, str) and "#" not in reference
    written: dict[str, JsonValue] = {
        "schema": reference if is_path else dict(config.schema),
        "required": list(config.required),
        "optional": list(config.optional),
    }
    return {key: value for key, value in written.items() if value} or None
