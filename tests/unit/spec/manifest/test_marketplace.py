"""Whole catalogues, and the manifests that follow from their entries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugport.spec.manifest.dialects.base import Package
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.marketplace import (
    GithubSource,
    GitSubdirSource,
    Marketplace,
    MarketplaceEntry,
    NpmSource,
    RelativeSource,
    UrlSource,
    entry_manifest,
    read_marketplace,
)
from plugport.spec.manifest.model import Person
from plugport.spec.versions import Version

SHA = "0" * 40
FALLBACK = Version.parse("0.0.0")


def catalogue(*plugins: Any, **fields: Any) -> Marketplace:
    document = {"name": "m", "owner": {"name": "Ada"}, "plugins": list(plugins), **fields}
    return read_marketplace(json.dumps(document, indent=1).encode())


def entry(**fields: Any) -> MarketplaceEntry:
    (found,) = catalogue({"name": "x", "source": "./x", **fields}).entries
    return found


def plugin_json(**fields: Any) -> bytes:
    return json.dumps({"name": "x", **fields}, indent=1).encode()


def test_what_a_catalogue_says_of_itself():
    found = catalogue(
        metadata={"description": "All", "version": "2.0", "pluginRoot": "./plugins"},
        renames={"old": "new"},
        owner={"name": "Ada", "email": "ada@example.org"},
    )
    assert found.name == "m"
    assert found.owner == Person("Ada", "ada@example.org")
    assert (found.description, found.version, found.plugin_root) == ("All", "2.0", "plugins")
    assert found.renames == {"old": "new"}
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("./plugins/x", RelativeSource("plugins/x")),
        ("./plugins/x/", RelativeSource("plugins/x")),
        ("./", RelativeSource("")),
        (".", RelativeSource("")),
        ({"source": "github", "repo": "a/b"}, GithubSource("a/b")),
        (
            {"source": "github", "repo": "a/b", "ref": "v1", "sha": SHA},
            GithubSource("a/b", "", "v1", SHA),
        ),
        (
            {"source": "url", "url": "https://h.example/a.git", "path": "./p", "sha": SHA},
            UrlSource("https://h.example/a.git", "p", None, SHA),
        ),
        (
            {"source": "url", "url": "git@h.example:a/b.git"},
            UrlSource("ssh://git@h.example/a/b.git"),
        ),
        (
            {"source": "git-subdir", "url": "a/b", "path": "p/x", "ref": "main"},
            GitSubdirSource("https://github.com/a/b", "p/x", "main"),
        ),
        ({"source": "npm", "package": "@a/b", "version": "^1"}, NpmSource("@a/b", "^1")),
    ],
)
def test_sources(source, expected):
    assert entry(source=source).source == expected


def test_relative_sources_start_at_the_plugin_root():
    (found,) = catalogue({"name": "x", "source": "a"}, pluginRoot="./plugins").entries
    assert found.source == RelativeSource("plugins/a")


@pytest.mark.parametrize(
    ("source", "field", "code"),
    [
        ("../x", "source", "unsafe-path"),
        ("/etc", "source", "unsafe-path"),
        (5, "source", "wrong-type"),
        ({"source": "svn"}, "source.source", "not-allowed-value"),
        ({"repo": "a/b"}, "source.source", "not-allowed-value"),
        ({"source": "github"}, "source.repo", "missing-field"),
        ({"source": "github", "repo": "../b"}, "source.repo", "not-allowed-value"),
        ({"source": "github", "repo": "a/b", "sha": "abc"}, "source.sha", "not-allowed-value"),
        (
            {"source": "github", "repo": "a/b", "ref": "--upload-pack=x"},
            "source.ref",
            "not-allowed-value",
        ),
        ({"source": "url"}, "source.url", "missing-field"),
        ({"source": "url", "url": "file:///etc"}, "source.url", "invalid-url"),
        ({"source": "url", "url": "ext::sh -c x"}, "source.url", "invalid-url"),
        ({"source": "git-subdir", "url": "https://h.example/a"}, "source.path", "missing-field"),
        (
            {"source": "git-subdir", "url": "https://h.example/a", "path": "../x"},
            "source.path",
            "unsafe-path",
        ),
        ({"source": "npm", "package": "a b"}, "source.package", "not-allowed-value"),
        ({"source": "npm", "package": "a", "registry": "x"}, "source.registry", "invalid-url"),
    ],
)
def test_an_entry_with_a_bad_source_is_left_out(source, field, code):
    found = catalogue({"name": "bad", "source": source}, {"name": "good", "source": "./x"})
    assert [each.name for each in found.entries] == ["good"]
    assert (f"plugins[0].{field}", code) in [(w.field, w.code) for w in found.warnings]


def test_entries_without_name_or_source_or_twice():
    found = catalogue(
        5,
        {"source": "./x"},
        {"name": "a"},
        {"name": "b", "source": "./b"},
        {"name": "b", "source": "./c"},
    )
    assert [(each.name, each.source) for each in found.entries] == [("b", RelativeSource("b"))]
    assert {(w.field, w.code) for w in found.warnings} == {
        ("plugins[0]", "wrong-type"),
        ("plugins[1].name", "missing-field"),
        ("plugins[2].source", "missing-field"),
        ("plugins[4]", "duplicate-entry"),
    }
    assert all(w.line for w in found.warnings)


def test_a_repeated_key_spoils_its_own_entry_alone():
    good = '{"name": "good", "source": "./g"}'
    bad = '{"name": "bad", "source": "./b",\n"name": "good"}'
    found = read_marketplace(f'{{"name": "m", "plugins": [{bad}, {good}]}}'.encode())
    assert [(each.name, each.source) for each in found.entries] == [("good", RelativeSource("g"))]
    assert [(w.field, w.code, w.line) for w in found.warnings] == [
        ("plugins[0].name", "duplicate-key", 2)
    ]


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"{}", ["name", "plugins"]),
        (b'{"name": "", "plugins": {}}', ["plugins", "name"]),
        (b"[]", [""]),
        (b"", [""]),
        (b'{"name": "m", "plugins": [], "name": "n"}', ["name"]),
    ],
)
def test_what_is_no_catalogue_is_refused(content, fields):
    with pytest.raises(ManifestError) as caught:
        read_marketplace(content)
    assert sorted(fault.field for fault in caught.value.fields) == sorted(fields)


def test_an_entry_alone_makes_a_manifest():
    found = entry(version="1.2.0", description="D", category="c", tags=["t"], skills=["./s"])
    manifest = entry_manifest(found, None, "acme").manifest
    assert str(manifest.name) == "@acme/x"
    assert str(manifest.version) == "1.2.0"
    assert (manifest.description, manifest.categories, manifest.tags) == ("D", ("c",), ("t",))
    assert manifest.components == {"skills": ["./s"]}
    assert manifest.extra == {}


def test_the_plugins_own_file_leads_and_the_entry_adds():
    found = entry(version="1.0.0", description="E", homepage="https://h.example", license="MIT")
    reading = entry_manifest(found, plugin_json(version="2.0.0", description="P"))
    assert str(reading.manifest.version) == "2.0.0"
    assert reading.manifest.description == "P"
    assert (reading.manifest.homepage, reading.manifest.license) == ("https://h.example", "MIT")
    assert [(w.field, w.code) for w in reading.warnings] == [("version", "entry-differs")]


def test_the_name_is_the_entrys():
    reading = entry_manifest(entry(), plugin_json(name="other"), None, FALLBACK)
    assert str(reading.manifest.name) == "x"
    assert [(w.field, w.code) for w in reading.warnings] == [("name", "entry-differs")]


@pytest.mark.parametrize(
    ("own", "added", "joined"),
    [
        (["./a"], ["./a", "./b"], ["./a", "./b"]),
        ("./a", "./b", ["./a", "./b"]),
        ({"a": "./a"}, {"a": "./x", "b": "./b"}, {"a": "./a", "b": "./b"}),
    ],
)
def test_components_are_joined(own, added, joined):
    reading = entry_manifest(entry(commands=added), plugin_json(commands=own), None, FALLBACK)
    assert reading.manifest.components["commands"] == joined
    assert reading.warnings == ()


def test_components_that_cannot_be_joined_are_the_plugins():
    reading = entry_manifest(
        entry(commands={"a": "./a"}), plugin_json(commands="./b"), None, FALLBACK
    )
    assert reading.manifest.components["commands"] == "./b"
    assert [w.code for w in reading.warnings] == ["entry-differs"]


def test_servers_of_both_act():
    found = entry(mcpServers={"b": {"command": "node"}})
    package = Package({"s.json": b'{"a": {"url": "https://a.example"}}'}, frozenset({"s.json"}))
    own = plugin_json(mcpServers="./s.json")
    permissions = entry_manifest(found, own, None, FALLBACK, package=package).manifest.permissions
    assert permissions.components == ("mcp:a", "mcp:b")
    assert permissions.network == ("a.example",)


def test_without_strict_the_entry_is_all_there_is():
    found = entry(strict=False, version="1.0.0", lspServers={"go": {"command": "gopls"}})
    reading = entry_manifest(found, plugin_json(version="9.0.0", hooks={"Stop": []}))
    assert str(reading.manifest.version) == "1.0.0"
    assert reading.manifest.permissions.components == ("lsp:go",)
    assert [(w.field, w.code) for w in reading.warnings] == [("strict", "plugin-json-ignored")]


def test_a_version_may_come_from_outside_or_must_be_there():
    assert (
        str(entry_manifest(entry(), None, None, Version.parse("3.1.4")).manifest.version) == "3.1.4"
    )
    with pytest.raises(ManifestError) as caught:
        entry_manifest(entry())
    assert [(fault.field, fault.code) for fault in caught.value.fields] == [
        ("version", "missing-field")
    ]


def test_faults_of_both_files_are_reported_with_their_own_lines():
    found = entry(homepage="x", version="1.0.0")
    with pytest.raises(ManifestError) as caught:
        entry_manifest(found, b'{"name": "x",\n"license": 5}')
    assert [(fault.file, fault.field, fault.line) for fault in caught.value.fields] == [
        (".claude-plugin/plugin.json", "license", 2),
        (".claude-plugin/marketplace.json", "homepage", 10),
    ]


def test_a_plugin_json_that_cannot_be_read_is_an_error():
    with pytest.raises(ManifestError):
        entry_manifest(entry(), b"{", None, FALLBACK)


def test_a_catalogue_may_be_far_larger_than_a_manifest():
    plugins = [{"name": f"p{i}", "source": "./x", "description": "d" * 200} for i in range(3000)]
    assert len(catalogue(*plugins).entries) == 3000
