"""`ar-plugin.yaml`."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.model import Config
from plugport.spec.manifest.reading import read_document
from plugport.spec.manifest.writing import write_manifest
from tests.unit.spec.manifest.helpers import codes_of, read, read_good, warnings_of

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


def test_all_fields_of_the_design():
    reading = read_document("agent-relay", "ar-plugin.yaml", DESIGN)
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


def test_the_design_is_written_back():
    manifest = read_document("agent-relay", "ar-plugin.yaml", DESIGN).manifest
    text = write_manifest(manifest, "agent-relay")["ar-plugin.yaml"].decode()
    assert "minVersion: 1.3.0" in text
    assert "permissions" not in text
    assert read_document("agent-relay", "ar-plugin.yaml", text.encode()).manifest == manifest


@pytest.mark.parametrize("kind", ["bridge", "storage", "memory", "policy", "hook", "widget"])
def test_the_six_types(kind):
    assert read("agent-relay", type=kind).manifest.kind == kind


@pytest.mark.parametrize("kind", ["service", "Bridge", "", 5])
def test_other_types_are_refused(kind):
    ((field, code),) = codes_of("agent-relay", type=kind)
    assert field == "type"
    assert code in {"not-allowed-value", "wrong-type"}


def test_a_type_is_required():
    assert codes_of("agent-relay", type=...) == [("type", "missing-field")]


def test_settings():
    schema = {"type": "object", "properties": {"A": {"type": "string"}}}
    config = read_good("agent-relay", config={"schema": schema, "required": ["A"]}).config
    assert config == Config(schema, ("A",), ())
    assert read_good("agent-relay", config={}).config is None
    assert codes_of("agent-relay", config={"schema": "../../etc/passwd", "required": 5}) == [
        ("config.schema", "unsafe-path"),
        ("config.required", "wrong-type"),
    ]
    assert warnings_of("agent-relay", config={"defaults": {}}) == [
        ("config.defaults", "unknown-field")
    ]


def test_only_names_of_variables_count_as_such():
    config = {"required": ["API_KEY", "apiKey"], "optional": ["X1"]}
    assert read_good("agent-relay", config=config).permissions.env == ("API_KEY", "X1")


@pytest.mark.parametrize("least", ["latest", "a b"])
def test_a_least_version_must_be_one(least):
    assert codes_of("agent-relay", minVersion=least) == [("minVersion", "invalid-version")]


def test_several_categories_are_written_as_a_list():
    manifest = read_good("agent-relay", category="a", categories=["b"])
    assert manifest.categories == ("a", "b")
    text = write_manifest(manifest, "agent-relay")["ar-plugin.yaml"]
    assert b"categories:\n- a\n- b\n" in text
