"""The normalised form as JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.serialise import manifest_from_dict, manifest_to_dict
from tests.unit.spec.manifest.helpers import LEAST, read
from tests.unit.spec.manifest.strategies import manifests

LEAST_STORED = {"name": "x", "version": "1.0.0", "kind": "tool", "dialect": "plugport"}


def test_keys_are_camel_case_and_empty_members_left_out():
    manifest = read("plugport", displayName="X", author={"name": "Ada"}, tags=["a"]).manifest
    assert manifest.as_dict() == {
        "name": "x",
        "version": "1.0.0",
        "kind": "toolset",
        "dialect": "plugport",
        "displayName": "X",
        "author": {"name": "Ada"},
        "tags": ["a"],
    }


@pytest.mark.parametrize("dialect", LEAST)
def test_every_dialect_survives_storage(dialect):
    manifest = read(dialect).manifest
    stored = json.loads(json.dumps(manifest_to_dict(manifest)))
    assert manifest_from_dict(stored) == manifest


@settings(max_examples=40, deadline=None)
@given(manifests)
def test_any_manifest_survives_storage(manifest):
    stored = json.loads(json.dumps(manifest_to_dict(manifest)))
    again = manifest_from_dict(stored)
    assert again == manifest
    assert str(again.version) == str(manifest.version)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (5, ""),
        (None, ""),
        ([], ""),
        ({}, ""),
        ({**LEAST_STORED, "name": 1}, "name"),
        ({**LEAST_STORED, "name": "No Name"}, "name"),
        ({**LEAST_STORED, "version": "1"}, "version"),
        ({**LEAST_STORED, "tags": "x"}, "tags"),
        ({**LEAST_STORED, "tags": [1]}, "tags"),
        ({**LEAST_STORED, "engine": {"node": 1}}, "engine"),
        ({**LEAST_STORED, "engine": []}, "engine"),
        ({**LEAST_STORED, "author": {}}, "author"),
        ({**LEAST_STORED, "author": "Ada"}, "author"),
        ({**LEAST_STORED, "dependencies": {"plugins": {"a": 1}}}, "dependencies.plugins"),
        ({**LEAST_STORED, "kindFields": {1: 2}}, "kindFields"),
    ],
)
def test_anything_else_is_refused(data, field):
    with pytest.raises(ManifestError) as caught:
        manifest_from_dict(data)
    assert caught.value.fields[0].field == field


def test_members_that_are_not_known_yet_are_passed_over():
    assert str(manifest_from_dict({**LEAST_STORED, "future": 1}).name) == "x"
