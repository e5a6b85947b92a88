"""`manifest.yaml`."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.model import Person
from plugport.spec.manifest.rendering import render_manifest
from tests.unit.spec.manifest.helpers import list_error_codes, list_warnings, parse, parse_valid

TRUST = {"min_cortex_version": "8.0", "sandbox": True, "network": True, "filesystem": True}


def test_all_fields():
    capability = {"name": "act", "description": "One", "endpoint": "/act", "method": "POST"}
    manifest = parse_valid(
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


def test_it_is_written_back_unchanged():
    manifest = parse_valid("cortex", trust=TRUST, permissions={"network": ["a.example"]})
    text = render_manifest(manifest, "cortex")["manifest.yaml"].decode()
    assert 'trust:\n  min_cortex_version: "8.0"\n  sandbox: true\n  network: true\n' in text
    assert "permissions:\n  network:\n  - a.example\n" in text


def test_no_permission_is_implied():
    manifest = parse_valid("cortex", trust={"sandbox": True, "network": False})
    assert manifest.permissions.network == ()
    assert manifest.permissions.filesystem == ()


@pytest.mark.parametrize("key", ["sandbox", "network", "filesystem"])
def test_texts_are_not_flags(key):
    assert list_error_codes("cortex", trust={key: "false"}) == [(f"trust.{key}", "wrong-type")]


def test_a_minimum_version_is_text():
    assert list_error_codes("cortex", trust={"min_cortex_version": 8.0}) == [
        ("trust.min_cortex_version", "wrong-type")
    ]


def test_missing_and_invalid_fields_are_errors():
    assert list_error_codes("cortex", runtime=...) == [("runtime", "missing-field")]
    assert list_error_codes("cortex", runtime={"type": "vm", "image": "x"}) == [
        ("runtime.type", "not-allowed-value")
    ]
    bad = {"name": "a b", "endpoint": "act", "method": "FETCH"}
    assert [field for field, _ in list_error_codes("cortex", capabilities=[bad])] == [
        "capabilities[0].name",
        "capabilities[0].endpoint",
        "capabilities[0].method",
    ]


def test_warnings():
    assert list_warnings("cortex", capabilities=...) == [("capabilities", "missing-recommended")]
    assert list_warnings("cortex", trust={"gpu": True}) == [("trust.gpu", "unknown-field")]
    assert parse("cortex", trust={"network": None}).manifest.permissions.network == ()
