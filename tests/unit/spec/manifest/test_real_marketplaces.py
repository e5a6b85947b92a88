"""All real catalogues and manifests of Claude Code that the test data has, each judged."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from plugport.spec.manifest.draft import ManifestDefaults
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.marketplace import (
    Marketplace,
    MarketplaceEntry,
    RelativeSource,
    entry_manifest,
    read_marketplace,
)
from plugport.spec.manifest.reading import ManifestReading, read_document
from plugport.spec.manifest.serialise import manifest_from_dict, manifest_to_dict
from plugport.spec.manifest.writing import write_manifest
from plugport.spec.versions import Version
from tests.support.data import shared_data

FALLBACK = Version.parse("0.0.0")
OFFICIAL = "anthropics__claude-plugins-official"

# Each of these has no version. A client takes the commit instead; a registry's releases need one,
# so each is refused alone and accepted where the catalogue or an importer gives the version.
WITHOUT_VERSION = {
    *(
        f"{OFFICIAL}/external_plugins/{name}"
        for name in (
            "asana",
            "context7",
            "firebase",
            "github",
            "gitlab",
            "greptile",
            "laravel-boost",
            "linear",
            "playwright",
            "serena",
            "terraform",
        )
    ),
    *(
        f"{OFFICIAL}/plugins/{name}"
        for name in (
            "agent-sdk-dev",
            "code-modernization",
            "code-review",
            "commit-commands",
            "feature-dev",
            "frontend-design",
            "hookify",
            "math-olympiad",
            "mcp-server-dev",
            "mcp-tunnels",
            "playground",
            "plugin-dev",
            "pr-review-toolkit",
            "project-artifact",
            "skill-creator",
        )
    ),
}


def each_plugin_json() -> Iterator[tuple[str, bytes]]:
    root = shared_data("marketplaces")
    for path in sorted(root.glob("**/.claude-plugin/plugin.json")):
        yield str(path.parent.parent.relative_to(root)), path.read_bytes()


def each_catalogue() -> Iterator[tuple[Path, Marketplace]]:
    for path in sorted(shared_data("marketplaces").glob("**/.claude-plugin/marketplace.json")):
        yield path.parent.parent, read_marketplace(path.read_bytes())


def read_plugin_json(content: bytes, defaults: ManifestDefaults | None = None) -> ManifestReading:
    return read_document("claude", ".claude-plugin/plugin.json", content, defaults=defaults)


def find_plugin_json(root: Path, entry: MarketplaceEntry) -> bytes | None:
    if not isinstance(entry.source, RelativeSource):
        return None
    path = root / entry.source.path / ".claude-plugin" / "plugin.json"
    return path.read_bytes() if path.is_file() else None


def test_every_plugin_json_is_read_or_refused_for_its_missing_version():
    refused = {}
    count = 0
    for name, content in each_plugin_json():
        count += 1
        try:
            read_plugin_json(content)
        except ManifestError as error:
            refused[name] = [(fault.field, fault.code) for fault in error.fields]
    assert refused == {name: [("version", "missing-field")] for name in WITHOUT_VERSION}
    assert count == 354


def test_every_plugin_json_is_read_where_the_version_is_known():
    warnings: Counter[tuple[str, str]] = Counter()
    for _, content in each_plugin_json():
        reading = read_plugin_json(content, ManifestDefaults(version=FALLBACK))
        warnings.update((warning.field, warning.code) for warning in reading.warnings)
    assert warnings == {
        ("context", "unknown-field"): 31,
        ("contextEntry", "unknown-field"): 30,
        ("capabilities", "unknown-field"): 14,
        ("platforms", "unknown-field"): 2,
        ("mcp", "unknown-field"): 1,
    }


def test_nothing_of_a_plugin_json_is_lost():
    for name, content in each_plugin_json():
        manifest = read_plugin_json(content, ManifestDefaults(version=FALLBACK)).manifest
        assert manifest_from_dict(json.loads(json.dumps(manifest_to_dict(manifest)))) == manifest
        written = write_manifest(manifest, "claude")[".claude-plugin/plugin.json"]
        assert read_plugin_json(written).manifest == manifest, name
        # What the file says stays there: every field, and the values that need no normalising.
        kept, sent = json.loads(written), json.loads(content)
        filled = {key for key, value in sent.items() if value}
        assert filled - {"tags", "category", "categories"} <= set(kept), name
        same = ("description", "hooks", "mcpServers", "commands", "agents", "skills", "permissions")
        assert {key: kept.get(key) for key in same} == {key: sent.get(key) for key in same}, name


def test_the_superset_holds_every_plugin_json():
    for name, content in each_plugin_json():
        manifest = read_plugin_json(content, ManifestDefaults(version=FALLBACK)).manifest
        ((path, written),) = write_manifest(manifest, "plugport").items()
        again = read_document("plugport", path, written)
        assert replace(again.manifest, dialect="claude") == manifest, name
        assert again.warnings == (), name


def test_all_catalogues_are_read_whole():
    index = json.loads(shared_data("marketplaces", "index.json").read_text())
    found = {market.name: market for _, market in each_catalogue()}
    assert len(found) == 16
    assert {row["marketplace_name"]: row["plugin_entries"] for row in index} == {
        name: len(market.entries) for name, market in found.items()
    }
    assert sum(len(market.entries) for market in found.values()) == 659
    assert all(market.warnings == () and market.owner for market in found.values())
    assert found["claude-plugins-official"].renames["wordpress.com"] == "build-with-wordpress"


def test_the_sources_are_those_of_the_index():
    index = json.loads(shared_data("marketplaces", "index.json").read_text())
    expected = Counter(
        sort for row in index for sort, n in row["sources"].items() for _ in range(n)
    )
    names = {
        "RelativeSource": "relative",
        "GithubSource": "github",
        "UrlSource": "url",
        "GitSubdirSource": "git-subdir",
        "NpmSource": "npm",
    }
    found = Counter(
        names[type(entry.source).__name__]
        for _, market in each_catalogue()
        for entry in market.entries
    )
    assert found == expected


def test_every_entry_makes_a_manifest():
    warnings: Counter[str] = Counter()
    names = set()
    for root, market in each_catalogue():
        for entry in market.entries:
            reading = entry_manifest(entry, find_plugin_json(root, entry), market.name, FALLBACK)
            assert reading.manifest.name.name == entry.name
            names.add(str(reading.manifest.name))
            warnings.update(warning.code for warning in reading.warnings)
    assert len(names) == 659
    # Eight disagree with their plugin.json; one counts its skills where their paths should stand.
    assert warnings["entry-differs"] == 8
    assert warnings["not-a-component"] == 1
    assert set(warnings) == {"unknown-field", "entry-differs", "not-a-component"}


@pytest.mark.parametrize("strict", [True, False])
def test_entries_that_say_whether_they_are_strict(strict):
    entries = [entry for _, market in each_catalogue() for entry in market.entries]
    said = [entry for entry in entries if "strict" in entry.fields]
    assert len([entry for entry in said if entry.strict is strict]) == {True: 10, False: 17}[strict]


def test_language_servers_of_entries_are_permissions():
    found = {
        entry.name: entry_manifest(entry, None, None, FALLBACK).manifest.permissions
        for _, market in each_catalogue()
        if market.name == "claude-plugins-official"
        for entry in market.entries
    }
    assert found["gopls-lsp"].components == ("lsp:gopls",)
    assert found["gopls-lsp"].exec == ("gopls",)
