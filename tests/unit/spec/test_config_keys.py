"""The settings of a plugin as a list."""

from __future__ import annotations

import pytest

from plugport.spec.config_keys import (
    MAX_KEYS,
    ConfigKey,
    count_config_keys,
    list_config_keys,
)


def test_required_keys_come_first_with_what_the_schema_says():
    config = {
        "schema": {
            "type": "object",
            "properties": {
                "channel": {"type": "string", "default": "general", "description": "Where to."},
                "TOKEN": {"type": "string", "secret": True, "default": "x", "title": "Bot token"},
                "level": {"enum": ["low", "high", 3]},
                "size": {"type": ["integer", "null"]},
            },
            "required": ["size"],
        },
        "required": ["TOKEN", "elsewhere"],
        "optional": ["channel", "extra"],
    }
    assert list_config_keys(config) == [
        ConfigKey("TOKEN", True, "string", "Bot token", "", True),
        ConfigKey("elsewhere", True),
        ConfigKey("size", True, "integer or null"),
        ConfigKey("channel", False, "string", "Where to.", '"general"'),
        ConfigKey("level", False, "low, high, 3"),
        ConfigKey("extra", False),
    ]


@pytest.mark.parametrize(
    "config",
    [
        None,
        [],
        "config.json",
        {"schema": "config.json"},
        {"schema": {"$ref": "config.json"}},
        {"schema": {"properties": []}, "required": "a", "optional": [1, None]},
    ],
)
def test_values_of_other_types_have_no_keys(config):
    assert list_config_keys(config) == []


def test_bounds():
    """Many keys, and long texts, are cut."""
    long = "x" * 10_000
    value = {"type": long, "description": long, "default": long}
    config = {"schema": {"properties": {f"k{n}": value for n in range(MAX_KEYS + 50)}}}
    keys = list_config_keys(config)
    assert len(keys) == MAX_KEYS
    assert count_config_keys(config) == MAX_KEYS + 50
    assert max(len(key.type) + len(key.description) + len(key.default) for key in keys) < 700
    odd = {"schema": {"properties": {"a": [], "b": {"type": {}, "enum": {}, "description": 3}}}}
    assert list_config_keys(odd) == [ConfigKey("a", False), ConfigKey("b", False)]
