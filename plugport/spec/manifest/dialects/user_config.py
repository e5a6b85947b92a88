"""`userConfig` of Claude Code as a JSON schema, and back."""

from __future__ import annotations

from plugport.spec.manifest.fields import Spot, each_member
from plugport.spec.manifest.model import Config, JsonValue, Manifest

# Types of settings that JSON schema has no word for.
_FORMATS = {"directory": "directory", "file": "file"}


def read_user_config(spot: Spot) -> Config | None:
    """Read settings by name; each becomes a property of the schema."""
    properties: dict[str, JsonValue] = {}
    lists: dict[bool, list[str]] = {True: [], False: []}
    for key, member in each_member(spot):
        if not isinstance(member.value, dict):
            member.expect("a mapping that describes a setting")
            continue
        # Everything the assistant knows of a setting stays in its property, to be written back.
        setting = dict(member.value)
        if setting.get("type") in _FORMATS:
            setting |= {"type": "string", "format": setting["type"]}
        properties[key] = setting
        lists[setting.get("required") is True].append(key)
    if not properties:
        return None
    schema: dict[str, JsonValue] = {"type": "object", "properties": properties}
    return Config(schema, tuple(lists[True]), tuple(lists[False]))


def write_user_config(manifest: Manifest) -> JsonValue:
    """Write settings back by name; None where there are none."""
    properties = manifest.config.schema.get("properties") if manifest.config else None
    if not isinstance(properties, dict):
        return None
    written: dict[str, JsonValue] = {}
    for key, each in properties.items():
        setting = dict(each) if isinstance(each, dict) else {}
        if setting.get("type") == "string" and setting.get("format") in _FORMATS:
            setting["type"] = setting.pop("format")
        written[key] = setting
    return written
