"""`node.onex.yaml`."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.model import Repository
from plugport.spec.manifest.reading import read_document
from plugport.spec.manifest.writing import write_manifest
from tests.unit.spec.manifest.helpers import codes_of, read, read_good, warnings_of

UUID = "65dfc205-96f3-4f86-8497-cf6d8a1c4b95"


@pytest.mark.parametrize("kind", ["validator", "tool", "pipeline"])
def test_the_kind_is_the_meta_type(kind):
    assert read_good("omnibase", meta_type=kind).kind == kind


def test_other_meta_types_are_refused():
    assert codes_of("omnibase", meta_type="schema") == [("meta_type", "not-allowed-value")]
    assert codes_of("omnibase", meta_type=...) == [("meta_type", "missing-field")]


def test_names_of_nodes_are_published_with_dashes_and_written_back_as_they_were():
    reading = read("omnibase", name="tree_generator")
    assert [w.code for w in reading.warnings] == ["name-normalised"]
    assert str(reading.manifest.name) == "tree-generator"
    assert (
        b"name: tree_generator\n" in write_manifest(reading.manifest, "omnibase")["node.onex.yaml"]
    )
    assert codes_of("omnibase", name="_x_") == [("name", "invalid-name")]


def test_a_component_may_stand_under_metadata():
    content = b"kind: Node\nmetadata:\n  name: x\n  version: 1.0\n  meta_type: tool\n"
    content += b"  entrypoint: python x.py\n"
    good = content.replace(b"1.0\n", b"1.0.0\n")
    reading = read_document("omnibase", "x.onex.yaml", good)
    assert reading.manifest.kind_fields == {"entrypoint": {"type": "python", "target": "x.py"}}
    assert reading.manifest.extra == {"kind": "Node"}
    with pytest.raises(ManifestError) as caught:
        read_document("omnibase", "x.onex.yaml", content)
    assert [(fault.field, fault.line) for fault in caught.value.fields] == [("version", 4)]


@pytest.mark.parametrize(
    ("entrypoint", "expected"),
    [
        ({"type": "cli", "target": "x"}, {"type": "cli", "target": "x"}),
        ("docker acme/x:1", {"type": "docker", "target": "acme/x:1"}),
        ("x.py", {"type": "python", "target": "x.py"}),
    ],
)
def test_entry_points(entrypoint, expected):
    assert read_good("omnibase", entrypoint=entrypoint).kind_fields["entrypoint"] == expected


def test_entry_points_that_are_refused():
    assert codes_of("omnibase", entrypoint=...) == [("entrypoint", "missing-field")]
    assert codes_of("omnibase", entrypoint={"type": "ruby", "target": "x"}) == [
        ("entrypoint.type", "not-allowed-value")
    ]
    assert codes_of("omnibase", entrypoint=5) == [("entrypoint", "wrong-type")]


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
def test_values_that_would_mislead_are_refused(field, value):
    assert codes_of("omnibase", **{field: value}) == [(field, "not-allowed-value")]


def test_what_only_the_framework_needs_is_kept():
    fields = {
        "uuid": UUID,
        "schema_version": "0.1.0",
        "created_at": "2025-06-10T12:00:00Z",
        "hash": "a" * 64,
        "state_contract": "state_contract://x.yaml",
        "compatibility": {"api_version": "1.0.0"},
    }
    assert read_good("omnibase", **fields).extra == fields
    assert warnings_of("omnibase", hash="<TO_BE_COMPUTED>") == [("hash", "hash-not-computed")]
    assert warnings_of("omnibase", trust_score=1.0) == [("trust_score", "registry-decides")]


def test_dependencies():
    listed = [
        "tool://tools.tree_generator@>=0.2.0",
        {"name": "v", "type": "onex_node", "target": "validator://core.v", "binding": "injection"},
        {"name": "o", "type": "onex_node", "target": "tool://core.o@1", "optional": True},
        {"name": "l", "type": "library", "target": "pyyaml>=6"},
    ]
    manifest = read_good("omnibase", dependencies=listed)
    assert manifest.dependencies.plugins == {"tree-generator": ">=0.2.0", "v": "*"}
    assert manifest.extra == {"dependencies": listed}
    assert warnings_of("omnibase", dependencies=["what is it"]) == [
        ("dependencies[0]", "not-installable")
    ]
    assert codes_of("omnibase", dependencies=["tool://a.b@latest", 5]) == [
        ("dependencies[0]", "invalid-range"),
        ("dependencies[1]", "wrong-type"),
    ]
    assert sorted(
        codes_of("omnibase", dependencies=[{"type": "magic", "name": 1, "binding": "glue"}])
    ) == [
        ("dependencies[0].binding", "not-allowed-value"),
        ("dependencies[0].name", "wrong-type"),
        ("dependencies[0].target", "wrong-type"),
        ("dependencies[0].type", "not-allowed-value"),
    ]


def test_source_and_runtime():
    source = {"url": "https://h.example/r", "path": "src/x", "commit_hash": "0" * 40}
    manifest = read_good("omnibase", source_repository=source, runtime_language_hint="python>=3.11")
    assert manifest.repository == Repository("https://h.example/r", directory="src/x")
    assert manifest.extra == {"source_repository": source}
    assert manifest.engine == {"python": ">=3.11"}
    assert read_good("omnibase", runtime_language_hint="a b c").extra == {
        "runtime_language_hint": "a b c"
    }
    assert read_good("omnibase", source_repository={"url": "https://h.example/r"}).extra == {}
    assert codes_of("omnibase", source_repository={"url": "x", "path": "/x"}) == [
        ("source_repository.url", "invalid-url"),
        ("source_repository.path", "unsafe-path"),
    ]


def test_variables():
    assert read_good("omnibase", environment=["HOME"]).permissions.env == ("HOME",)


@pytest.mark.parametrize("hint", ["python", "python>=3.11", "node ^20", "python == 3.11", "Deno"])
def test_every_spelling_of_a_runtime_is_written_back(hint):
    manifest = read_good(
        "omnibase", runtime_language_hint=hint, source_repository={"url": "https://h.example/r"}
    )
    content = write_manifest(manifest, "omnibase")["node.onex.yaml"]
    assert read_document("omnibase", "node.onex.yaml", content).manifest == manifest
