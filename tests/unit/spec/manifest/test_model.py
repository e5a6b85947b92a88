"""The normalized manifest as JSON, which the registry stores and the API returns."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from tests.support.examples import try_examples
from tests.unit.spec.manifest.helpers import MINIMAL, parse
from tests.unit.spec.manifest.strategies import manifests


def test_keys_are_camel_case_and_empty_members_left_out():
    manifest = parse("plugport", displayName="X", author={"name": "Ada"}, tags=["a"]).manifest
    assert manifest.as_dict() == {
        "name": "x",
        "version": "1.0.0",
        "kind": "toolset",
        "dialect": "plugport",
        "displayName": "X",
        "author": {"name": "Ada"},
        "tags": ["a"],
    }


@pytest.mark.parametrize("dialect", MINIMAL)
def test_every_format_gives_json(dialect):
    document = parse(dialect).manifest.as_dict()
    assert json.loads(json.dumps(document)) == document
    assert document["dialect"] == dialect


@try_examples(40)
@given(manifests)
def test_any_manifest_gives_json_with_every_member_that_is_not_empty(manifest):
    document = manifest.as_dict()
    assert json.loads(json.dumps(document)) == document
    assert document["name"] == str(manifest.name)
    assert document["version"] == str(manifest.version)
    for key in ("tags", "categories", "license", "main", "framework", "description"):
        value = getattr(manifest, key)
        assert document.get(key, type(value)() if value is not None else None) == (
            list(value) if isinstance(value, tuple) and value else value
        )
    assert document.get("kindFields", {}) == dict(manifest.kind_fields)
    assert document.get("extra", {}) == dict(manifest.extra)
