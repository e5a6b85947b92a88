"""Parsing the manifest of a package."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.draft import ManifestDefaults
from plugport.spec.manifest.errors import ManifestError, NoManifestError, UnknownManifestFormatError
from plugport.spec.manifest.parsing import parse_manifest, parse_manifest_file
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

GOOD = b'schema: 1\nname: "@acme/slack"\nversion: "1.2.0"\nkind: bridge\n'


def test_the_manifest_of_a_package_is_parsed():
    reading = parse_manifest({"plugport.yaml": GOOD}, ["plugport.yaml", "README.md"])

    assert reading.path == "plugport.yaml"
    assert str(reading.manifest.name) == "@acme/slack"
    assert str(reading.manifest.version) == "1.2.0"
    assert reading.manifest.kind == "bridge"
    assert reading.manifest.dialect == "plugport"
    assert reading.warnings == ()


def test_a_package_without_a_manifest_is_an_error_with_a_hint():
    with pytest.raises(NoManifestError) as caught:
        parse_manifest({}, ["README.md", "deep/inside/plugport.yaml"])
    assert "`plugport.yaml`" in (caught.value.hint or "")


def test_a_manifest_that_is_too_large_is_an_error():
    with pytest.raises(ManifestError, match="too large"):
        parse_manifest({}, ["plugport.yaml"])


def test_all_problems_are_reported_at_once_with_their_lines():
    content = (
        b"schema: 2\nname: Bad Name\nversion: 1.0\nkind: gadget\n"
        b"homepage: javascript:alert(1)\nmain: ../x.js\n"
    )
    with pytest.raises(ManifestError) as caught:
        parse_manifest_file("plugport", "plugport.yaml", content)
    assert [(problem.field, problem.line, problem.code) for problem in caught.value.fields] == [
        ("schema", 1, "not-allowed-value"),
        ("name", 2, "invalid-name"),
        ("version", 3, "version-not-text"),
        ("kind", 4, "not-allowed-value"),
        ("homepage", 5, "invalid-url"),
        ("main", 6, "unsafe-path"),
    ]
    assert {problem.file for problem in caught.value.fields} == {"plugport.yaml"}
    assert caught.value.fields[2].found == "1.0"


def test_an_unknown_format_is_an_error():
    with pytest.raises(UnknownManifestFormatError, match="`nonesuch`"):
        parse_manifest_file("nonesuch", "x.yaml", GOOD)


def test_defaults_are_used_for_missing_fields():
    defaults = ManifestDefaults(
        version=Version.parse("3.0.0"), scope="acme", description="D", license="MIT"
    )
    content = b'{"name": "x", "license": "ISC"}'
    manifest = parse_manifest_file("claude", "plugin.json", content, defaults=defaults).manifest
    assert str(manifest.name) == "@acme/x"
    assert str(manifest.version) == "3.0.0"
    assert (manifest.description, manifest.license) == ("D", "ISC")


def test_a_default_name_replaces_the_name_and_a_default_scope_does_not_replace_a_scope():
    content = b'{"name": "@a/x", "version": "1.0.0"}'
    for defaults, name in (
        (ManifestDefaults(name=PluginName("b", "y")), "@b/y"),
        (ManifestDefaults(scope="b"), "@a/x"),
    ):
        reading = parse_manifest_file("claude", "plugin.json", content, defaults=defaults)
        assert str(reading.manifest.name) == name


def test_a_default_does_not_hide_an_invalid_version():
    with pytest.raises(ManifestError):
        parse_manifest_file(
            "claude",
            "plugin.json",
            b'{"name": "x", "version": "1"}',
            defaults=ManifestDefaults(version=Version.parse("3.0.0")),
        )
