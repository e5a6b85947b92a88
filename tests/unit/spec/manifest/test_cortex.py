"""`manifest.yaml`."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.model import Person
from plugport.spec.manifest.writing import write_manifest
from tests.unit.spec.manifest.helpers import codes_of, read, read_good, warnings_of

TRUST = {"min_cortex_version": "8.0", "sandbox": True, "network": True, "filesystem": True}


def test_all_fields_of_the_design():
    capability = {"name": "act", "description": "One", "endpoint": "/act", "method": "POST"}
    manifest = read_good(
        "cortex",
        author="Acme <dev@acme.example>",
        license="MIT",
        capabilities=[capability],
        trust=TRUST,
        dependencies=["other"],
    )
    assert manifest.kind == "container"
    assert manifest.author == Person("Acme", "dev@acme.example")
    assert manifest.kind_fields == {
        "runtime": {"type": "docker", "image": "acme/x:1"},
        "capabilities": [capability],
        "sandbox": True,
    }
    assert manifest.engine == {"cortex": ">=8.0"}
    assert manifest.permissions.network == ("*",)
    assert manifest.permissions.filesystem == ("write:/",)
    assert manifest.dependencies.plugins == {"other": "*"}


def test_it_is_written_back_as_it_was():
    manifest = read_good("cortex", trust=TRUST, permissions={"network": ["a.example"]})
    text = write_manifest(manifest, "cortex")["manifest.yaml"].decode()
    assert 'trust:\n  min_cortex_version: "8.0"\n  sandbox: true\n  network: true\n' in text
    assert "permissions:\n  network:\n  - a.example\n" in text


def test_nothing_is_asked_for_unless_said():
    manifest = read_good("cortex", trust={"sandbox": True, "network": False})
    assert manifest.permissions.network == ()
    assert manifest.permissions.filesystem == ()


@pytest.mark.parametrize("key", ["sandbox", "network", "filesystem"])
def test_texts_are_no_truth_values(key):
    assert codes_of("cortex", trust={key: "false"}) == [(f"trust.{key}", "wrong-type")]


def test_a_least_version_is_text():
    assert codes_of("cortex", trust={"min_cortex_version": 8.0}) == [
        ("trust.min_cortex_version", "wrong-type")
    ]


def test_what_is_missing_or_wrong():
    assert codes_of("cortex", runtime=...) == [("runtime", "missing-field")]
    assert codes_of("cortex", runtime={"type": "vm", "image": "x"}) == [
        ("runtime.type", "not-allowed-value")
    ]
    bad = {"name": "a b", "endpoint": "act", "method": "FETCH"}
    assert [field for field, _ in codes_of("cortex", capabilities=[bad])] == [
        "capabilities[0].name",
        "capabilities[0].endpoint",
        "capabilities[0].method",
    ]


def test_what_only_warns():
    assert warnings_of("cortex", capabilities=...) == [("capabilities", "missing-recommended")]
    assert warnings_of("cortex", trust={"gpu": True}) == [("trust.gpu", "unknown-field")]
    assert read("cortex", trust={"network": None}).manifest.permissions.network == ()
