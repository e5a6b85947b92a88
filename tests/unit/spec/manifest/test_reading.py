"""The door of the package: find the manifest, read it, report everything at once."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.draft import ManifestDefaults
from plugport.spec.manifest.errors import ManifestError, NoManifestError, UnknownDialectError
from plugport.spec.manifest.reading import read_document, read_manifest
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

GOOD = b'schema: 1\nname: "@acme/slack"\nversion: "1.2.0"\nkind: bridge\n'


def test_reads_the_manifest_of_a_package():
    reading = read_manifest({"plugport.yaml": GOOD}, ["plugport.yaml", "README.md"])

    assert reading.path == "plugport.yaml"
    assert str(reading.manifest.name) == "@acme/slack"
    assert str(reading.manifest.version) == "1.2.0"
    assert reading.manifest.kind == "bridge"
    assert reading.manifest.dialect == "plugport"
    assert reading.warnings == ()


def test_a_package_without_manifest_is_told_what_is_expected():
    with pytest.raises(NoManifestError) as caught:
        read_manifest({}, ["README.md", "deep/inside/plugport.yaml"])
    assert "`plugport.yaml`" in (caught.value.hint or "")


def test_a_manifest_whose_text_was_not_kept_is_refused():
    with pytest.raises(ManifestError, match="too large"):
        read_manifest({}, ["plugport.yaml"])


def test_all_faults_are_reported_at_once_with_their_lines():
    content = (
        b"schema: 2\nname: Bad Name\nversion: 1.0\nkind: gadget\n"
        b"homepage: javascript:alert(1)\nmain: ../x.js\n"
    )
    with pytest.raises(ManifestError) as caught:
        read_document("plugport", "plugport.yaml", content)
    assert [(fault.field, fault.line, fault.code) for fault in caught.value.fields] == [
        ("schema", 1, "not-allowed-value"),
        ("name", 2, "invalid-name"),
        ("version", 3, "version-not-text"),
        ("kind", 4, "not-allowed-value"),
        ("homepage", 5, "invalid-url"),
        ("main", 6, "unsafe-path"),
    ]
    assert {fault.file for fault in caught.value.fields} == {"plugport.yaml"}
    assert caught.value.fields[2].found == "1.0"


def test_an_unknown_dialect_is_refused():
    with pytest.raises(UnknownDialectError, match="`nonesuch`"):
        read_document("nonesuch", "x.yaml", GOOD)


def test_defaults_fill_in_what_a_manifest_leaves_out():
    defaults = ManifestDefaults(
        version=Version.parse("3.0.0"), scope="acme", description="D", license="MIT"
    )
    content = b'{"name": "x", "license": "ISC"}'
    manifest = read_document("claude", "plugin.json", content, defaults=defaults).manifest
    assert str(manifest.name) == "@acme/x"
    assert str(manifest.version) == "3.0.0"
    assert (manifest.description, manifest.license) == ("D", "ISC")


def test_a_given_name_counts_and_a_scope_is_not_replaced():
    content = b'{"name": "@a/x", "version": "1.0.0"}'
    for defaults, name in (
        (ManifestDefaults(name=PluginName("b", "y")), "@b/y"),
        (ManifestDefaults(scope="b"), "@a/x"),
    ):
        reading = read_document("claude", "plugin.json", content, defaults=defaults)
        assert str(reading.manifest.name) == name


def test_a_default_does_not_hide_a_wrong_version():
    with pytest.raises(ManifestError):
        read_document(
            "claude",
            "plugin.json",
            b'{"name": "x", "version": "1"}',
            defaults=ManifestDefaults(version=Version.parse("3.0.0")),
        )
