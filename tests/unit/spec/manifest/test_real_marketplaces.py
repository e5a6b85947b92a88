"""All real marketplaces and manifests of Claude Code in the test data."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from plugport.spec.manifest.draft import ManifestDefaults
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.marketplace import (
    Marketplace,
    MarketplaceEntry,
    RelativeSource,
    parse_entry_manifest,
    parse_marketplace,
)
from plugport.spec.manifest.parsing import ParsedManifest, parse_manifest_file
from plugport.spec.manifest.rendering import render_manifest
from plugport.spec.versions import Version
from tests.support.data import shared_data

FALLBACK = Version.parse("0.0.0")
OFFICIAL = "anthropics__claude-plugins-official"

# Each of these has no version. A client takes the commit instead; a registry's releases need one,
# so each is invalid alone and valid if the marketplace or an importer gives the version.
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


def load_plugin_json(content: bytes, defaults: ManifestDefaults | None = None) -> ParsedManifest:
    return parse_manifest_file("claude", ".claude-plugin/plugin.json", content, defaults=defaults)


def find_plugin_json(root: Path, entry: MarketplaceEntry) -> bytes | None:
    if not isinstance(entry.source, RelativeSource):
        return None
    path = root / entry.source.path / ".claude-plugin" / "plugin.json"
    return path.read_bytes() if path.is_file() else None


@pytest.fixture(scope="module")
def plugin_jsons() -> dict[str, bytes]:
    root = shared_data("marketplaces")
    return {
        str(path.parent.parent.relative_to(root)): path.read_bytes()
        for path in sorted(root.glob("**/.claude-plugin/plugin.json"))
    }


@pytest.fixture(scope="module")
def parsed(plugin_jsons: dict[str, bytes]) -> dict[str, ParsedManifest]:
    """The manifests, with a default version."""
    defaults = ManifestDefaults(version=FALLBACK)
    return {name: load_plugin_json(content, defaults) for name, content in plugin_jsons.items()}


@pytest.fixture(scope="module")
def marketplaces() -> list[tuple[Path, Marketplace]]:
    return [
        (path.parent.parent, parse_marketplace(path.read_bytes()))
        for path in sorted(shared_data("marketplaces").glob("**/.claude-plugin/marketplace.json"))
    ]


def test_every_plugin_json_is_valid_except_for_a_missing_version(plugin_jsons):
    refused = {}
    for name, content in plugin_jsons.items():
        try:
            load_plugin_json(content)
        except ManifestError as error:
            refused[name] = [(problem.field, problem.code) for problem in error.fields]
    assert refused == {name: [("version", "missing-field")] for name in WITHOUT_VERSION}
    assert len(plugin_jsons) == 354


def test_every_plugin_json_is_valid_with_a_default_version(parsed):
    warnings: Counter[tuple[str, str]] = Counter()
    for reading in parsed.values():
        warnings.update((warning.field, warning.code) for warning in reading.warnings)
    assert warnings == {
        ("context", "unknown-field"): 31,
        ("contextEntry", "unknown-field"): 30,
        ("capabilities", "unknown-field"): 14,
        ("platforms", "unknown-field"): 2,
        ("mcp", "unknown-field"): 1,
    }


def test_nothing_of_a_plugin_json_is_lost(plugin_jsons, parsed):
    for name, content in plugin_jsons.items():
        manifest = parsed[name].manifest
        assert json.loads(json.dumps(manifest.as_dict())) == manifest.as_dict()
        written = render_manifest(manifest, "claude")[".claude-plugin/plugin.json"]
        assert load_plugin_json(written).manifest == manifest, name
        # Every field stays, and the values that need no normalization.
        rendered, original = json.loads(written), json.loads(content)
        filled = {key for key, value in original.items() if value}
        assert filled - {"tags", "category", "categories"} <= set(rendered), name
        same = ("description", "hooks", "mcpServers", "commands", "agents", "skills", "permissions")
        assert {key: rendered.get(key) for key in same} == {
            key: original.get(key) for key in same
        }, name


def test_plugport_yaml_can_hold_every_plugin_json(parsed):
    for name, reading in parsed.items():
        manifest = reading.manifest
        ((path, written),) = render_manifest(manifest, "plugport").items()
        again = parse_manifest_file("plugport", path, written)
        assert replace(again.manifest, dialect="claude") == manifest, name
        assert again.warnings == (), name


def test_all_entries_of_all_marketplaces_are_parsed(marketplaces):
    index = json.loads(shared_data("marketplaces", "index.json").read_text())
    by_name = {market.name: market for _, market in marketplaces}
    assert len(marketplaces) == len(by_name) == 16
    assert {row["marketplace_name"]: row["plugin_entries"] for row in index} == {
        name: len(market.entries) for name, market in by_name.items()
    }
    assert sum(len(market.entries) for market in by_name.values()) == 659
    assert all(market.warnings == () and market.owner for market in by_name.values())
    assert by_name["claude-plugins-official"].renames["wordpress.com"] == "build-with-wordpress"


def test_the_sources_are_those_of_the_index(marketplaces):
    index = json.loads(shared_data("marketplaces", "index.json").read_text())
    expected = Counter(
        source_type for row in index for source_type, n in row["sources"].items() for _ in range(n)
    )
    names = {
        "RelativeSource": "relative",
        "GithubSource": "github",
        "UrlSource": "url",
        "GitSubdirSource": "git-subdir",
        "NpmSource": "npm",
    }
    source_types = Counter(
        names[type(entry.source).__name__] for _, market in marketplaces for entry in market.entries
    )
    assert source_types == expected


def test_every_entry_makes_a_manifest(marketplaces):
    warnings: Counter[str] = Counter()
    names = set()
    for root, market in marketplaces:
        for entry in market.entries:
            reading = parse_entry_manifest(
                entry, find_plugin_json(root, entry), market.name, FALLBACK
            )
            assert reading.manifest.name.name == entry.name
            names.add(str(reading.manifest.name))
            warnings.update(warning.code for warning in reading.warnings)
    assert len(names) == 659
    # Eight disagree with their plugin.json; one counts its skills where their paths should stand.
    assert warnings["entry-differs"] == 8
    assert warnings["not-a-component"] == 1
    assert set(warnings) == {"unknown-field", "entry-differs", "not-a-component"}


@pytest.mark.parametrize("strict", [True, False])
def test_entries_with_strict(marketplaces, strict):
    entries = [entry for _, market in marketplaces for entry in market.entries]
    explicit_entries = [entry for entry in entries if "strict" in entry.fields]
    assert (
        len([entry for entry in explicit_entries if entry.strict is strict])
        == {True: 10, False: 17}[strict]
    )


def test_language_servers_of_entries_are_permissions(marketplaces):
    permissions = {
        entry.name: parse_entry_manifest(entry, None, None, FALLBACK).manifest.permissions
        for _, market in marketplaces
        if market.name == "claude-plugins-official"
        for entry in market.entries
    }
    assert permissions["gopls-lsp"].components == ("lsp:gopls",)
    assert permissions["gopls-lsp"].exec == ("gopls",)
