"""`ar-plugin.yaml`."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.model import Config
from plugport.spec.manifest.parsing import parse_manifest_file
from plugport.spec.manifest.rendering import render_manifest
from tests.unit.spec.manifest.helpers import list_error_codes, list_warnings, parse, parse_valid

DESIGN = b"""\
name: "@acme/slack-bridge"
version: "1.0.0"
type: bridge
description: "Connect Slack to Agent Relay"
author:
  name: "Acme"
  email: "dev@acme.example"
repository:
  type: git
  url: "https://git.example/acme/ar-slack-bridge"
license: MIT
main: "./dist/index.js"
types: "./dist/index.d.ts"
provides: [bidirectional, external]
config:
  schema: "./config.schema.json"
  required: [SLACK_BOT_TOKEN]
  optional: [channel]
dependencies:
  "@slack/bolt": "^3.17.0"
peerDependencies:
  "agent-relay": "^1.3.0"
tags: [slack, chat]
category: communication
minVersion: "1.3.0"
verified: true
"""


def test_all_fields():
    reading = parse_manifest_file("agent-relay", "ar-plugin.yaml", DESIGN)
    assert [(w.field, w.code, w.line) for w in reading.warnings] == [
        ("verified", "registry-decides", 26)
    ]
    assert reading.manifest.as_dict() == {
        "name": "@acme/slack-bridge",
        "version": "1.0.0",
        "kind": "bridge",
        "dialect": "agent-relay",
        "description": "Connect Slack to Agent Relay",
        "author": {"name": "Acme", "email": "dev@acme.example"},
        "repository": {"type": "git", "url": "https://git.example/acme/ar-slack-bridge"},
        "license": "MIT",
        "main": "./dist/index.js",
        "types": "./dist/index.d.ts",
        "kindFields": {"provides": ["bidirectional", "external"]},
        "config": {
            "schema": {"$ref": "./config.schema.json"},
            "required": ["SLACK_BOT_TOKEN"],
            "optional": ["channel"],
        },
        "dependencies": {
            "packages": {"@slack/bolt": "^3.17.0"},
            "peer": {"agent-relay": "^1.3.0"},
        },
        "engine": {"agent-relay": ">=1.3.0"},
        "tags": ["slack", "chat"],
        "categories": ["communication"],
        "permissions": {"env": ["SLACK_BOT_TOKEN"]},
    }


def test_the_example_is_written_back():
    manifest = parse_manifest_file("agent-relay", "ar-plugin.yaml", DESIGN).manifest
    text = render_manifest(manifest, "agent-relay")["ar-plugin.yaml"].decode()
    assert "minVersion: 1.3.0" in text
    assert "permissions" not in text
    assert parse_manifest_file("agent-relay", "ar-plugin.yaml", text.encode()).manifest == manifest


@pytest.mark.parametrize("kind", ["bridge", "storage", "memory", "policy", "hook", "widget"])
def test_the_six_types(kind):
    assert parse("agent-relay", type=kind).manifest.kind == kind


@pytest.mark.parametrize("kind", ["service", "Bridge", "", 5])
def test_other_types_are_refused(kind):
    ((field, code),) = list_error_codes("agent-relay", type=kind)
    assert field == "type"
    assert code in {"not-allowed-value", "wrong-type"}


def test_a_type_is_required():
    assert list_error_codes("agent-relay", type=...) == [("type", "missing-field")]


def test_settings():
    schema = {"type": "object", "properties": {"A": {"type": "string"}}}
    config = parse_valid("agent-relay", config={"schema": schema, "required": ["A"]}).config
    assert config == Config(schema, ("A",), ())
    assert parse_valid("agent-relay", config={}).config is None
    assert list_error_codes(
        "agent-relay", config={"schema": "../../etc/passwd", "required": 5}
    ) == [
        ("config.schema", "unsafe-path"),
        ("config.required", "wrong-type"),
    ]
    assert list_warnings("agent-relay", config={"defaults": {}}) == [
        ("config.defaults", "unknown-field")
    ]


def test_only_names_in_capitals_are_variables():
    config = {"required": ["API_KEY", "apiKey"], "optional": ["X1"]}
    assert parse_valid("agent-relay", config=config).permissions.env == ("API_KEY", "X1")


@pytest.mark.parametrize("min_version", ["latest", "a b"])
def test_a_minimum_version_must_be_a_version(min_version):
    assert list_error_codes("agent-relay", minVersion=min_version) == [
        ("minVersion", "invalid-version")
    ]


def test_several_categories_are_written_as_a_list():
    manifest = parse_valid("agent-relay", category="a", categories=["b"])
    assert manifest.categories == ("a", "b")
    text = render_manifest(manifest, "agent-relay")["ar-plugin.yaml"]
    assert b"categories:\n- a\n- b\n" in text
