"""Writing manifests back: equal when read again, or an error that names what would be lost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from plugport.spec.manifest.dialects.registry import DIALECTS
from plugport.spec.manifest.errors import LossyManifestError, UnknownDialectError
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.reading import read_document
from plugport.spec.manifest.writing import write_manifest
from plugport.spec.names import PluginName
from plugport.spec.versions import Version
from tests.unit.spec.manifest.helpers import LEAST, read
from tests.unit.spec.manifest.strategies import manifests


def read_back(manifest: Manifest, dialect: str) -> Manifest:
    ((path, content),) = write_manifest(manifest, dialect).items()
    return read_document(dialect, path, content).manifest


@pytest.mark.parametrize("dialect", LEAST)
def test_the_least_manifest_of_every_dialect_is_written_back(dialect):
    manifest = read(dialect).manifest
    assert read_back(manifest, dialect) == manifest
    assert replace(read_back(manifest, "plugport"), dialect=dialect) == manifest


@settings(max_examples=40, deadline=None)
@given(manifests)
def test_the_superset_loses_nothing(manifest):
    again = read_back(manifest, "plugport")
    assert again == manifest
    assert str(again.version) == str(manifest.version)


@settings(max_examples=40, deadline=None)
@given(manifests)
def test_every_dialect_either_keeps_all_or_says_what_it_cannot_hold(manifest):
    for dialect in DIALECTS:
        lost = ()
        try:
            again = replace(read_back(manifest, dialect), dialect=manifest.dialect)
        except LossyManifestError as error:
            again, lost = manifest, error.fields
        assert again == manifest
        assert dialect != "plugport" or not lost


def test_fields_stand_in_a_readable_order():
    manifest = read("plugport", name="@a/x", description="What it does: 1.0", tags=["1e3"]).manifest
    assert write_manifest(manifest, "plugport") == {
        "plugport.yaml": (
            b"schema: 1\nname: '@a/x'\nversion: 1.0.0\nkind: toolset\n"
            b"description: 'What it does: 1.0'\ntags:\n- \"1e3\"\n"
        )
    }


def test_json_is_written_for_people():
    content = write_manifest(read("claude", description="Grüße").manifest, "claude")
    text = content[".claude-plugin/plugin.json"].decode()
    assert "Grüße" in text
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["name", "version", "description"]


def test_what_cannot_be_held_is_named():
    manifest = read("plugport", kind="bridge", displayName="X", framework="^1").manifest
    with pytest.raises(LossyManifestError) as caught:
        write_manifest(manifest, "claude")
    assert {fault.field for fault in caught.value.fields} == {"kind", "framework"}
    assert "plugport.yaml" in (caught.value.hint or "")


def test_a_scope_cannot_be_held_by_the_open_standard():
    manifest = replace(read("agent-plugins").manifest, name=PluginName("a", "x"))
    with pytest.raises(LossyManifestError) as caught:
        write_manifest(manifest, "agent-plugins")
    assert [fault.field for fault in caught.value.fields] == ["name"]


def test_build_metadata_is_not_lost():
    manifest = replace(read("plugport").manifest, version=Version.parse("1.0.0+b.7"))
    assert str(read_back(manifest, "plugport").version) == "1.0.0+b.7"


@pytest.mark.parametrize(
    "text", ["\x85", "a\u2028b", "a\nb\n", "\ufeff", "1e3", "0o7", "~", " x ", "\x7f"]
)
def test_texts_that_yaml_could_take_for_something_else(text):
    manifest = replace(read("claude").manifest, extra={text: text})
    assert read_back(manifest, "plugport").extra == {text: text}


def test_an_unknown_dialect_is_refused():
    with pytest.raises(UnknownDialectError):
        write_manifest(read("plugport").manifest, "nonesuch")
