"""`plugin.json` of the open standard."""

from __future__ import annotations

import json

import pytest

from plugport.spec.manifest.formats.agent_plugins import FORMAT, SCHEMA
from tests.support.data import shared_data
from tests.unit.spec.manifest.helpers import (
    MINIMAL,
    list_error_codes,
    list_warnings,
    parse,
    parse_valid,
)

MCP = b'{"mcpServers": {"docs": {"type": "streamable-http", "url": "https://d.example/mcp"}}}'


def test_the_fields_are_those_of_the_standard():
    schema = json.loads(shared_data("agent-plugins-spec", "plugin.schema.json").read_text())
    assert {row.name for row in FORMAT.fields} == set(schema["properties"])
    assert schema["properties"]["$schema"]["const"] == SCHEMA
    assert set(schema["required"]) == {"$schema", "name"}


def test_all_fields():
    manifest = parse_valid(
        "agent-plugins",
        description="Does it",
        author={"name": "Ada", "email": "ada@example.org", "url": "https://example.org"},
        homepage="https://example.org",
        repository="https://example.org/r",
        license="MIT",
        keywords=["a"],
        extensions={"org.example": {"any": [1]}},
    )
    assert manifest.kind == "toolset"
    assert manifest.extensions == {"org.example": {"any": [1]}}
    assert manifest.tags == ("a",)


def test_unknown_fields_are_reported_and_dropped():
    assert list_warnings("agent-plugins", commands=["x"]) == [("commands", "unknown-field")]
    assert parse("agent-plugins", commands=["x"]).manifest.extra == {}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"$schema": ...}, ("$schema", "missing-field")),
        ({"$schema": "https://example.org/2.0.0"}, ("$schema", "not-allowed-value")),
        ({"name": "@a/x"}, ("name", "invalid-name")),
        ({"name": "X"}, ("name", "invalid-name")),
        ({"version": ...}, ("version", "missing-field")),
        ({"author": "Ada"}, ("author", "wrong-type")),
        ({"author": {"name": "Ada", "phone": "1"}}, ("author.phone", "unknown-field")),
        ({"repository": {"url": "https://example.org"}}, ("repository", "wrong-type")),
        ({"license": {"type": "MIT"}}, ("license", "wrong-type")),
        ({"keywords": "a"}, ("keywords", "wrong-type")),
        ({"extensions": {"org.example": 1}}, ("extensions.org.example", "wrong-type")),
        ({"extensions": []}, ("extensions", "wrong-type")),
    ],
)
def test_values_that_the_standard_forbids_are_errors(fields, expected):
    assert list_error_codes("agent-plugins", **fields) == [expected]


def test_extensions_should_be_domains():
    assert list_warnings("agent-plugins", extensions={"mine": {}}) == [
        ("extensions.mine", "not-a-domain")
    ]


def test_servers_in_mcp_json_are_permissions():
    manifest = parse(
        "agent-plugins", texts={"mcp.json": MCP}, paths=["plugin.json", "mcp.json"]
    ).manifest
    assert manifest.permissions.components == ("mcp:docs",)
    assert manifest.permissions.network == ("d.example",)


def test_the_minimal_manifest_is_that_of_the_standard_and_a_version():
    assert set(MINIMAL["agent-plugins"]) == {"$schema", "name", "version"}
