"""Marketplaces and the manifests of their entries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.formats.base import PackageFiles
from plugport.spec.manifest.marketplace import (
    GithubSource,
    GitSubdirSource,
    Marketplace,
    MarketplaceEntry,
    NpmSource,
    RelativeSource,
    UrlSource,
    parse_entry_manifest,
    parse_marketplace,
)
from plugport.spec.manifest.model import Person
from plugport.spec.versions import Version

SHA = "0" * 40
FALLBACK = Version.parse("0.0.0")


def build_marketplace(*plugins: Any, **fields: Any) -> Marketplace:
    document = {"name": "m", "owner": {"name": "Ada"}, "plugins": list(plugins), **fields}
    return parse_marketplace(json.dumps(document, indent=1).encode())


def build_entry(**fields: Any) -> MarketplaceEntry:
    (parsed_entry,) = build_marketplace({"name": "x", "source": "./x", **fields}).entries
    return parsed_entry


def plugin_json(**fields: Any) -> bytes:
    return json.dumps({"name": "x", **fields}, indent=1).encode()


def test_fields_of_the_marketplace():
    marketplace = build_marketplace(
        metadata={"description": "All", "version": "2.0", "pluginRoot": "./plugins"},
        renames={"old": "new"},
        owner={"name": "Ada", "email": "ada@example.org"},
    )
    assert marketplace.name == "m"
    assert marketplace.owner == Person("Ada", "ada@example.org")
    assert (marketplace.description, marketplace.version, marketplace.plugin_root) == (
        "All",
        "2.0",
        "plugins",
    )
    assert marketplace.renames == {"old": "new"}
    assert marketplace.warnings == ()


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
    assert build_entry(source=source).source == expected


def test_relative_sources_start_at_the_plugin_root():
    (parsed_entry,) = build_marketplace(
        {"name": "x", "source": "a"}, pluginRoot="./plugins"
    ).entries
    assert parsed_entry.source == RelativeSource("plugins/a")


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
def test_an_entry_with_an_invalid_source_is_skipped(source, field, code):
    marketplace = build_marketplace(
        {"name": "bad", "source": source}, {"name": "good", "source": "./x"}
    )
    assert [each.name for each in marketplace.entries] == ["good"]
    assert (f"plugins[0].{field}", code) in [(w.field, w.code) for w in marketplace.warnings]


def test_entries_without_name_or_source_and_duplicates_are_skipped():
    marketplace = build_marketplace(
        5,
        {"source": "./x"},
        {"name": "a"},
        {"name": "b", "source": "./b"},
        {"name": "b", "source": "./c"},
    )
    assert [(each.name, each.source) for each in marketplace.entries] == [
        ("b", RelativeSource("b"))
    ]
    assert {(w.field, w.code) for w in marketplace.warnings} == {
        ("plugins[0]", "wrong-type"),
        ("plugins[1].name", "missing-field"),
        ("plugins[2].source", "missing-field"),
        ("plugins[4]", "duplicate-entry"),
    }
    assert all(w.line for w in marketplace.warnings)


def test_a_repeated_key_invalidates_only_its_own_entry():
    good = '{"name": "good", "source": "./g"}'
    bad = '{"name": "bad", "source": "./b",\n"name": "good"}'
    marketplace = parse_marketplace(f'{{"name": "m", "plugins": [{bad}, {good}]}}'.encode())
    assert [(each.name, each.source) for each in marketplace.entries] == [
        ("good", RelativeSource("g"))
    ]
    assert [(w.field, w.code, w.line) for w in marketplace.warnings] == [
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
def test_invalid_marketplaces_are_errors(content, fields):
    with pytest.raises(ManifestError) as caught:
        parse_marketplace(content)
    assert sorted(problem.field for problem in caught.value.fields) == sorted(fields)


def test_an_entry_without_plugin_json_is_a_manifest():
    marketplace_entry = build_entry(
        version="1.2.0", description="D", category="c", tags=["t"], skills=["./s"]
    )
    manifest = parse_entry_manifest(marketplace_entry, None, "acme").manifest
    assert str(manifest.name) == "@acme/x"
    assert str(manifest.version) == "1.2.0"
    assert (manifest.description, manifest.categories, manifest.tags) == ("D", ("c",), ("t",))
    assert manifest.components == {"skills": ["./s"]}
    assert manifest.extra == {}


def test_the_entry_adds_missing_fields():
    marketplace_entry = build_entry(
        version="1.0.0", description="E", homepage="https://h.example", license="MIT"
    )
    reading = parse_entry_manifest(marketplace_entry, plugin_json(version="2.0.0", description="P"))
    assert str(reading.manifest.version) == "2.0.0"
    assert reading.manifest.description == "P"
    assert (reading.manifest.homepage, reading.manifest.license) == ("https://h.example", "MIT")
    assert [(w.field, w.code) for w in reading.warnings] == [("version", "entry-differs")]


def test_the_name_is_that_of_the_entry():
    reading = parse_entry_manifest(build_entry(), plugin_json(name="other"), None, FALLBACK)
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
    reading = parse_entry_manifest(
        build_entry(commands=added), plugin_json(commands=own), None, FALLBACK
    )
    assert reading.manifest.components["commands"] == joined
    assert reading.warnings == ()


def test_components_that_cannot_be_joined_are_those_of_plugin_json():
    reading = parse_entry_manifest(
        build_entry(commands={"a": "./a"}), plugin_json(commands="./b"), None, FALLBACK
    )
    assert reading.manifest.components["commands"] == "./b"
    assert [w.code for w in reading.warnings] == ["entry-differs"]


def test_servers_of_both_files_are_permissions():
    marketplace_entry = build_entry(mcpServers={"b": {"command": "node"}})
    package = PackageFiles(
        {"s.json": b'{"a": {"url": "https://a.example"}}'}, frozenset({"s.json"})
    )
    own = plugin_json(mcpServers="./s.json")
    permissions = parse_entry_manifest(
        marketplace_entry, own, None, FALLBACK, package=package
    ).manifest.permissions
    assert permissions.components == ("mcp:a", "mcp:b")
    assert permissions.network == ("a.example",)


def test_without_strict_only_the_entry_is_used():
    marketplace_entry = build_entry(
        strict=False, version="1.0.0", lspServers={"go": {"command": "gopls"}}
    )
    reading = parse_entry_manifest(
        marketplace_entry, plugin_json(version="9.0.0", hooks={"Stop": []})
    )
    assert str(reading.manifest.version) == "1.0.0"
    assert reading.manifest.permissions.components == ("lsp:go",)
    assert [(w.field, w.code) for w in reading.warnings] == [("strict", "plugin-json-ignored")]


def test_a_fallback_version_is_used_if_there_is_none():
    assert (
        str(
            parse_entry_manifest(build_entry(), None, None, Version.parse("3.1.4")).manifest.version
        )
        == "3.1.4"
    )
    with pytest.raises(ManifestError) as caught:
        parse_entry_manifest(build_entry())
    assert [(problem.field, problem.code) for problem in caught.value.fields] == [
        ("version", "missing-field")
    ]


def test_problems_of_both_files_have_their_own_lines():
    marketplace_entry = build_entry(agents=5, version="1.0.0")
    with pytest.raises(ManifestError) as caught:
        parse_entry_manifest(marketplace_entry, b'{"name": "x",\n"hooks": 5}')
    assert [(problem.file, problem.field, problem.line) for problem in caught.value.fields] == [
        (".claude-plugin/plugin.json", "hooks", 2),
        (".claude-plugin/marketplace.json", "agents", 10),
    ]


def test_a_plugin_json_that_cannot_be_read_is_an_error():
    with pytest.raises(ManifestError):
        parse_entry_manifest(build_entry(), b"{", None, FALLBACK)


def test_a_marketplace_may_be_larger_than_a_manifest():
    plugins = [{"name": f"p{i}", "source": "./x", "description": "d" * 200} for i in range(3000)]
    assert len(build_marketplace(*plugins).entries) == 3000


def test_the_number_of_entries_is_limited():
    """Each entry is reported, so there cannot be any number of them."""
    content = b'{"name": "m", "plugins": [' + b",".join([b"1"] * 10_001) + b"]}"
    with pytest.raises(ManifestError) as caught:
        parse_marketplace(content)
    assert [(problem.field, problem.code) for problem in caught.value.fields] == [
        ("plugins", "too-many")
    ]


def test_every_entry_has_a_result():
    """Valid or unusable, also after more problems than one document may report."""
    marketplace = build_marketplace(*[5] * 150, {"name": "x", "source": "./x"}, {"name": "y"})
    assert [entry.index for entry in marketplace.entries] == [150]
    assert [entry.index for entry in marketplace.unusable] == [*range(150), 151]
    assert marketplace.unusable[-1].name == "y"
    assert all(entry.problems for entry in marketplace.unusable)
