"""Rendered manifests are equal after parsing, or the error names the fields that would be lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from msgspec.structs import replace

from plugport.spec.manifest.errors import LossyManifestError, UnknownManifestFormatError
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.parsing import parse_manifest_file
from plugport.spec.manifest.rendering import render_manifest
from plugport.spec.names import PluginName
from plugport.spec.versions import Version
from tests.support.examples import try_examples
from tests.unit.spec.manifest.helpers import MINIMAL, parse
from tests.unit.spec.manifest.strategies import manifests


def render_and_parse(manifest: Manifest, dialect: str) -> Manifest:
    ((path, content),) = render_manifest(manifest, dialect).items()
    return parse_manifest_file(dialect, path, content).manifest


@pytest.mark.parametrize("dialect", MINIMAL)
def test_the_minimal_manifest_of_every_format_is_written_back(dialect):
    manifest = parse(dialect).manifest
    assert render_and_parse(manifest, dialect) == manifest
    assert replace(render_and_parse(manifest, "plugport"), dialect=dialect) == manifest


@try_examples(40)
@given(manifests)
def test_plugport_yaml_loses_nothing(manifest):
    again = render_and_parse(manifest, "plugport")
    assert again == manifest
    assert str(again.version) == str(manifest.version)


@try_examples(40)
@given(manifests)
def test_every_format_holds_all_fields_or_names_those_it_cannot_hold(manifest):
    for dialect in MANIFEST_FORMATS:
        lost = ()
        try:
            again = replace(render_and_parse(manifest, dialect), dialect=manifest.dialect)
        except LossyManifestError as error:
            again, lost = manifest, error.fields
        assert again == manifest
        assert dialect != "plugport" or not lost


def test_fields_are_in_a_readable_order():
    manifest = parse(
        "plugport", name="@a/x", description="What it does: 1.0", tags=["1e3"]
    ).manifest
    assert render_manifest(manifest, "plugport") == {
        "plugport.yaml": (
            b"schema: 1\nname: '@a/x'\nversion: 1.0.0\nkind: toolset\n"
            b"description: 'What it does: 1.0'\ntags:\n- \"1e3\"\n"
        )
    }


def test_json_is_readable():
    content = render_manifest(parse("claude", description="Grüße").manifest, "claude")
    text = content[".claude-plugin/plugin.json"].decode()
    assert "Grüße" in text
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["name", "version", "description"]


def test_lossy_fields_are_named():
    manifest = parse("plugport", kind="bridge", displayName="X", framework="^1").manifest
    with pytest.raises(LossyManifestError) as caught:
        render_manifest(manifest, "claude")
    assert {problem.field for problem in caught.value.fields} == {"kind", "framework"}
    assert "plugport.yaml" in (caught.value.hint or "")


def test_the_open_standard_cannot_hold_a_scope():
    manifest = replace(parse("agent-plugins").manifest, name=PluginName("a", "x"))
    with pytest.raises(LossyManifestError) as caught:
        render_manifest(manifest, "agent-plugins")
    assert [problem.field for problem in caught.value.fields] == ["name"]


def test_build_metadata_is_not_lost():
    manifest = replace(parse("plugport").manifest, version=Version.parse("1.0.0+b.7"))
    assert str(render_and_parse(manifest, "plugport").version) == "1.0.0+b.7"


@pytest.mark.parametrize(
    "text", ["\x85", "a\u2028b", "a\nb\n", "\ufeff", "1e3", "0o7", "~", " x ", "\x7f"]
)
def test_texts_that_yaml_could_parse_as_other_values(text):
    manifest = replace(parse("claude").manifest, extra={text: text})
    assert render_and_parse(manifest, "plugport").extra == {text: text}


def test_an_unknown_format_is_an_error():
    with pytest.raises(UnknownManifestFormatError):
        render_manifest(parse("plugport").manifest, "nonesuch")
