"""`node.onex.yaml`."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.model import Repository
from plugport.spec.manifest.parsing import parse_manifest_file
from plugport.spec.manifest.rendering import render_manifest
from tests.unit.spec.manifest.helpers import list_error_codes, list_warnings, parse, parse_valid

UUID = "65dfc205-96f3-4f86-8497-cf6d8a1c4b95"


@pytest.mark.parametrize("kind", ["validator", "tool", "pipeline"])
def test_the_kind_is_the_meta_type(kind):
    assert parse_valid("omnibase", meta_type=kind).kind == kind


def test_other_meta_types_are_refused():
    assert list_error_codes("omnibase", meta_type="schema") == [("meta_type", "not-allowed-value")]
    assert list_error_codes("omnibase", meta_type=...) == [("meta_type", "missing-field")]


def test_underscores_in_names_become_dashes_and_are_written_back():
    reading = parse("omnibase", name="tree_generator")
    assert [w.code for w in reading.warnings] == ["name-normalised"]
    assert str(reading.manifest.name) == "tree-generator"
    assert (
        b"name: tree_generator\n" in render_manifest(reading.manifest, "omnibase")["node.onex.yaml"]
    )
    assert list_error_codes("omnibase", name="_x_") == [("name", "invalid-name")]


def test_fields_may_be_inside_metadata():
    content = b"kind: Node\nmetadata:\n  name: x\n  version: 1.0\n  meta_type: tool\n"
    content += b"  entrypoint: python x.py\n"
    good = content.replace(b"1.0\n", b"1.0.0\n")
    reading = parse_manifest_file("omnibase", "x.onex.yaml", good)
    assert reading.manifest.kind_fields == {"entrypoint": {"type": "python", "target": "x.py"}}
    assert reading.manifest.extra == {"kind": "Node"}
    with pytest.raises(ManifestError) as caught:
        parse_manifest_file("omnibase", "x.onex.yaml", content)
    assert [(problem.field, problem.line) for problem in caught.value.fields] == [("version", 4)]


@pytest.mark.parametrize(
    ("entrypoint", "expected"),
    [
        ({"type": "cli", "target": "x"}, {"type": "cli", "target": "x"}),
        ("docker acme/x:1", {"type": "docker", "target": "acme/x:1"}),
        ("x.py", {"type": "python", "target": "x.py"}),
    ],
)
def test_entry_points(entrypoint, expected):
    assert parse_valid("omnibase", entrypoint=entrypoint).kind_fields["entrypoint"] == expected


def test_entry_points_that_are_refused():
    assert list_error_codes("omnibase", entrypoint=...) == [("entrypoint", "missing-field")]
    assert list_error_codes("omnibase", entrypoint={"type": "ruby", "target": "x"}) == [
        ("entrypoint.type", "not-allowed-value")
    ]
    assert list_error_codes("omnibase", entrypoint=5) == [("entrypoint", "wrong-type")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("uuid", "none"),
        ("schema_version", "1"),
        ("created_at", "yesterday"),
        ("last_modified_at", "2025-05-17"),
        ("lifecycle", "template"),
        ("namespace", "two words"),
    ],
)
def test_misleading_values_are_errors(field, value):
    assert list_error_codes("omnibase", **{field: value}) == [(field, "not-allowed-value")]


def test_fields_of_the_framework_are_kept():
    fields = {
        "uuid": UUID,
        "schema_version": "0.1.0",
        "created_at": "2025-06-10T12:00:00Z",
        "hash": "a" * 64,
        "state_contract": "state_contract://x.yaml",
        "compatibility": {"api_version": "1.0.0"},
    }
    assert parse_valid("omnibase", **fields).extra == fields
    assert list_warnings("omnibase", hash="<TO_BE_COMPUTED>") == [("hash", "hash-not-computed")]
    assert list_warnings("omnibase", trust_score=1.0) == [("trust_score", "registry-decides")]


def test_dependencies():
    listed = [
        "tool://tools.tree_generator@>=0.2.0",
        {"name": "v", "type": "onex_node", "target": "validator://core.v", "binding": "injection"},
        {"name": "o", "type": "onex_node", "target": "tool://core.o@1", "optional": True},
        {"name": "l", "type": "library", "target": "pyyaml>=6"},
    ]
    manifest = parse_valid("omnibase", dependencies=listed)
    assert manifest.dependencies.plugins == {"tree-generator": ">=0.2.0", "v": "*"}
    assert manifest.extra == {"dependencies": listed}
    assert list_warnings("omnibase", dependencies=["what is it"]) == [
        ("dependencies[0]", "not-installable")
    ]
    assert list_error_codes("omnibase", dependencies=["tool://a.b@latest", 5]) == [
        ("dependencies[0]", "invalid-range"),
        ("dependencies[1]", "wrong-type"),
    ]
    assert sorted(
        list_error_codes("omnibase", dependencies=[{"type": "magic", "name": 1, "binding": "glue"}])
    ) == [
        ("dependencies[0].binding", "not-allowed-value"),
        ("dependencies[0].name", "wrong-type"),
        ("dependencies[0].target", "wrong-type"),
        ("dependencies[0].type", "not-allowed-value"),
    ]


def test_source_and_runtime():
    source = {"url": "https://h.example/r", "path": "src/x", "commit_hash": "0" * 40}
    manifest = parse_valid(
        "omnibase", source_repository=source, runtime_language_hint="python>=3.11"
    )
    assert manifest.repository == Repository("https://h.example/r", directory="src/x")
    assert manifest.extra == {"source_repository": source}
    assert manifest.engine == {"python": ">=3.11"}
    assert parse_valid("omnibase", runtime_language_hint="a b c").extra == {
        "runtime_language_hint": "a b c"
    }
    assert parse_valid("omnibase", source_repository={"url": "https://h.example/r"}).extra == {}
    assert list_warnings("omnibase", source_repository={"url": "x", "path": "/x"}) == [
        ("source_repository.url", "invalid-url"),
        ("source_repository.path", "unsafe-path"),
    ]


def test_variables():
    assert parse_valid("omnibase", environment=["HOME"]).permissions.env == ("HOME",)


@pytest.mark.parametrize("hint", ["python", "python>=3.11", "node ^20", "python == 3.11", "Deno"])
def test_every_spelling_of_a_runtime_is_written_back(hint):
    manifest = parse_valid(
        "omnibase", runtime_language_hint=hint, source_repository={"url": "https://h.example/r"}
    )
    content = render_manifest(manifest, "omnibase")["node.onex.yaml"]
    assert parse_manifest_file("omnibase", "node.onex.yaml", content).manifest == manifest
