"""The settings that the `config` of a normalized manifest declares, for people to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from msgspec import Struct

# A schema may have any number of properties, and texts of any length.
MAX_KEYS = 100
_MAX_TEXT_CHARS = 500
_MAX_VALUE_CHARS = 80


class ConfigKey(Struct, frozen=True):
    """A setting. `type` is a word of JSON Schema, such as `string`, or the allowed values.

    `default` is JSON; empty without a default, and always for secrets.
    """

    name: str
    is_required: bool
    type: str = ""
    description: str = ""
    default: str = ""
    is_secret: bool = False


def list_config_keys(config: object) -> list[ConfigKey]:
    """Return the settings of `config` of a normalized manifest, required ones first.

    They are the properties of the schema and the names in `required` and `optional`. Members with
    values of other types are ignored: the manifest may come from an older version. At most
    `MAX_KEYS`; `count_config_keys` returns how many there are.
    """
    schema, required, names = _read_config(config)
    properties = _get_mapping(schema, "properties")
    ordered = sorted(names, key=lambda name: name not in required)
    return [_build_key(name, name in required, properties.get(name)) for name in ordered[:MAX_KEYS]]


def count_config_keys(config: object) -> int:
    """Return the number of settings, including those beyond `MAX_KEYS`."""
    return len(_read_config(config)[2])


def _read_config(config: object) -> tuple[Mapping[str, object], set[str], list[str]]:
    """Return the schema, the required names and all names, each once."""
    members = config if isinstance(config, Mapping) else {}
    schema = _get_mapping(members, "schema")
    required = {*_iter_names(members, "required"), *_iter_names(schema, "required")}
    names = dict.fromkeys(
        [
            *_iter_names(members, "required"),
            *_get_mapping(schema, "properties"),
            *_iter_names(schema, "required"),
            *_iter_names(members, "optional"),
        ]
    )
    return schema, required, list(names)


def _get_mapping(members: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = members.get(name)
    return value if isinstance(value, Mapping) else {}


def _iter_names(members: Mapping[str, object], name: str) -> Iterator[str]:
    value = members.get(name)
    return (
        (each for each in value if isinstance(each, str)) if isinstance(value, list) else iter(())
    )


def _build_key(name: str, is_required: bool, schema: object) -> ConfigKey:
    members = schema if isinstance(schema, Mapping) else {}
    description = members.get("description") or members.get("title")
    is_secret = (
        any(members.get(each) is True for each in ("secret", "sensitive", "writeOnly"))
        or members.get("format") == "password"
    )
    has_default = "default" in members and not is_secret
    return ConfigKey(
        name,
        is_required,
        type=_describe_type(members),
        description=_cut(description, _MAX_TEXT_CHARS) if isinstance(description, str) else "",
        default=_format_json(members["default"]) if has_default else "",
        is_secret=is_secret,
    )


def _describe_type(schema: Mapping[str, object]) -> str:
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        texts = (each if isinstance(each, str) else _format_json(each) for each in choices[:20])
        return _cut(", ".join(texts), _MAX_VALUE_CHARS)
    types = schema.get("type")
    words = types if isinstance(types, list) else [types]
    return _cut(" or ".join(word for word in words if isinstance(word, str)), _MAX_VALUE_CHARS)


def _format_json(value: object) -> str:
    return _cut(json.dumps(value, ensure_ascii=False), _MAX_VALUE_CHARS)


def _cut(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else f"{text[:max_chars]}…"
