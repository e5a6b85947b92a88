"""Packages with several manifests: what another host would read is compared with what is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plugport.checks.base import Finding, Severity
from plugport.checks.manifest_comparison import MAX_MANIFESTS
from plugport.spec.manifest.draft import ManifestDefaults
from plugport.spec.manifest.errors import LossyManifestError
from plugport.spec.manifest.formats.agent_plugins import SCHEMA
from plugport.spec.manifest.parsing import parse_manifest_file
from plugport.spec.manifest.rendering import render_manifest
from plugport.spec.versions import Version
from tests.support.data import shared_data
from tests.unit.checks.packages import build_subject, find, rules

CLAUDE = ".claude-plugin/plugin.json"
SERVER = {"command": "node", "args": ["server.mjs"]}
SAME: dict[str, Any] = {
    "name": "sample",
    "version": "1.0.0",
    "description": "A sample.",
    "author": {"name": "Acme"},
    "license": "MIT",
    "repository": "https://git.example/acme/sample",
}
TOOLSET: dict[str, Any] = {"kind": "toolset", "main": None}


def findings_of(
    folder: Path,
    other: Any,
    path: str = CLAUDE,
    files: dict[str, Any] | None = None,
    **manifest: Any,
) -> list[Finding]:
    content = other if isinstance(other, str) else json.dumps(other)
    subject = build_subject(folder, {path: content, **(files or {})}, manifest)
    return [each for each in find(subject, "manifest") if each.path != "plugport.yaml"]


def test_an_equal_manifest_is_named(tmp_path: Path) -> None:
    (finding,) = findings_of(tmp_path, SAME, **TOOLSET)
    assert (finding.rule, finding.path) == ("manifest-additional", CLAUDE)
    assert "agrees with `plugport.yaml`" in finding.message


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("plugin.json", {"$schema": SCHEMA, "main": "./evil.mjs"}),
        ("ar-plugin.yaml", {"type": "bridge", "main": "./evil.mjs"}),
        ("manifest.json", {"main": "evil.mjs"}),
    ],
)
def test_another_main_is_an_error_that_shows_both(
    tmp_path: Path, path: str, other: dict[str, Any]
) -> None:
    found = findings_of(tmp_path, {**SAME, **other}, path)
    (conflict,) = [each for each in found if each.severity is Severity.ERROR]
    assert conflict.rule == "manifest-conflict"
    for part in ("`main`", "`index.mjs`", "`plugport.yaml`", "`evil.mjs`", f"`{path}`"):
        assert part in conflict.message


def test_the_default_entry_point_of_a_format_counts(tmp_path: Path) -> None:
    found = findings_of(tmp_path, SAME, "manifest.json", files={"index.ts": "x"})
    assert rules(found) == ["manifest-conflict", "manifest-other-field"]
    assert "`index.ts`" in found[0].message


def test_other_container_images_are_errors(tmp_path: Path) -> None:
    capabilities = [{"name": "act"}]
    fields = {"kind": "container", "main": None, "capabilities": capabilities}
    runtime = {"type": "docker", "image": "acme/x:1"}
    other = {**SAME, "capabilities": capabilities, "runtime": {**runtime, "image": "evil/x:1"}}
    found = findings_of(tmp_path, other, "manifest.yaml", **fields, runtime=runtime)
    assert rules(found) == ["manifest-conflict"]
    same = {**other, "runtime": runtime}
    found = findings_of(tmp_path, same, "manifest.yaml", **fields, runtime=runtime)
    assert rules(found) == ["manifest-additional"]


@pytest.mark.parametrize(
    ("own", "other", "shown"),
    [
        ({}, {"mcpServers": {"x": SERVER}}, ["`mcp:x` is not declared", "server.mjs"]),
        ({}, {"hooks": {"Stop": [{"hooks": [{"command": "sh x"}]}]}}, ["`hook:Stop`", "sh x"]),
        ({}, {"lspServers": {"go": {"command": "gopls"}}}, ["`lsp:go`", "gopls"]),
        ({}, {"mcpServers": "./hooks/servers.json"}, ["`mcp:filed`", "from-file"]),
        (
            {"components": {"mcpServers": {"x": SERVER}}},
            {"mcpServers": {"x": {**SERVER, "args": ["evil.mjs"]}}},
            ["`mcp:x`", "server.mjs", "evil.mjs"],
        ),
        ({}, {"permissions": {"exec": ["curl"]}}, ["`permissions.exec`", "curl"]),
        (
            {"permissions": {"network": ["a.example", "b.example"]}},
            {"permissions": {"network": ["a.example"]}},
            ["`permissions.network`", "b.example"],
        ),
        ({}, {"permissions": "all"}, ["permissions", "must be a mapping"]),
        ({}, {"hooks": 7}, ["hooks"]),
    ],
)
def test_other_components_and_permissions_are_errors(
    tmp_path: Path, own: dict[str, Any], other: dict[str, Any], shown: list[str]
) -> None:
    files = {"hooks/servers.json": json.dumps({"filed": {"command": "from-file"}})}
    found = findings_of(tmp_path, {**SAME, **other}, files=files, **TOOLSET, **own)
    errors = [each for each in found if each.severity is Severity.ERROR]
    assert errors
    assert all(part in errors[0].message for part in shown)


@pytest.mark.parametrize(
    "own",
    [
        {"components": {"mcpServers": {"x": SERVER}, "hooks": {"Stop": []}}},
        {"permissions": {"network": ["a.example"], "filesystem": ["write:."]}},
        {"permissions": {"exec": ["*"]}},
    ],
)
def test_what_another_manifest_leaves_out_is_allowed(tmp_path: Path, own: dict[str, Any]) -> None:
    assert rules(findings_of(tmp_path, SAME, **TOOLSET, **own)) == ["manifest-additional"]


def test_a_list_of_component_files_in_an_unknown_field_counts(tmp_path: Path) -> None:
    files = {"hooks/more.json": json.dumps({"Stop": [{"hooks": [{"command": "sh x"}]}]})}
    other = {**SAME, "$schema": SCHEMA, "hooks": ["./hooks/more.json"]}
    found = findings_of(tmp_path, other, "plugin.json", files, **TOOLSET)
    assert "`hook:Stop` is not declared" in found[0].message


def test_a_plugin_of_another_host_declares_components_as_permissions(tmp_path: Path) -> None:
    """A bridge cannot define servers, but an assistant finds those of its other manifest."""
    files = {".mcp.json": json.dumps({"x": {"command": "node", "env": {"T": "${TOKEN}"}}})}
    permissions = {"components": ["mcp:x"], "exec": ["node"], "env": ["TOKEN"]}
    found = findings_of(tmp_path, SAME, files=files, permissions=permissions)
    assert rules(found) == ["manifest-other-field"]
    found = findings_of(tmp_path, SAME, files=files, permissions={**permissions, "exec": []})
    assert rules(found) == ["manifest-conflict", "manifest-other-field"]
    assert "`permissions.exec`" in found[0].message
    assert rules(findings_of(tmp_path, SAME, files=files))[0] == "manifest-conflict"


def test_unknown_fields_of_both_manifests_are_compared(tmp_path: Path) -> None:
    found = findings_of(tmp_path, {**SAME, "channels": ["a"]}, **TOOLSET, channels=["b"])
    assert [(each.rule, "`channels`" in each.message) for each in found] == [
        ("manifest-other-field", True)
    ]


def test_files_that_every_assistant_reads_are_no_difference(tmp_path: Path) -> None:
    files = {".mcp.json": json.dumps({"mcpServers": {"x": SERVER}})}
    assert rules(findings_of(tmp_path, SAME, files=files, **TOOLSET)) == ["manifest-additional"]


def test_another_name_or_version_is_a_warning_and_other_fields_are_notes(tmp_path: Path) -> None:
    other = {**SAME, "name": "other", "version": "2.0.0", "description": "Else.", "license": "ISC"}
    found = findings_of(tmp_path, other, **TOOLSET)
    assert [(each.rule, each.severity.value) for each in found] == [
        ("manifest-other-identity", "warning"),
        ("manifest-other-identity", "warning"),
        ("manifest-other-field", "note"),
        ("manifest-other-field", "note"),
    ]
    assert "`1.0.0` in `plugport.yaml` and `2.0.0`" in found[1].message


def test_a_missing_version_and_scope_are_no_difference(tmp_path: Path) -> None:
    without = {key: value for key, value in SAME.items() if key != "version"}
    assert rules(findings_of(tmp_path, without, **TOOLSET)) == ["manifest-additional"]


def test_a_package_json_is_npm_data_unless_it_is_the_manifest(tmp_path: Path) -> None:
    npm = json.dumps({"name": "else", "version": "9.9.9", "main": "evil.mjs"})
    assert findings_of(tmp_path, npm, "package.json") == []
    files = {"index.ts": "x", "manifest.json": json.dumps({**SAME, "main": "evil.ts"})}
    chosen = {"name": "sample", "version": "1.0.0", "kind": None, "schema": None, "main": None}
    subject = build_subject(tmp_path, files, chosen, manifest_path="package.json")
    assert "manifest-conflict" in rules(find(subject, "manifest"))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("manifest.json", {"name": "App", "start_url": "/", "icons": []}),
        ("manifest.yaml", "apiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Service\n"),
    ],
)
def test_files_of_other_programs_are_no_manifests(tmp_path: Path, path: str, content: Any) -> None:
    assert rules(findings_of(tmp_path, content, path)) == ["manifest-additional"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (CLAUDE, "{"),
        (CLAUDE, '{"name": "sample", "hooks": {}, "hooks": {"Stop": []}}'),
        (".CLAUDE-plugin/Plugin.json", {**SAME, "mcpServers": {"x": SERVER}}),
    ],
)
def test_what_cannot_be_compared_is_an_error(tmp_path: Path, path: str, content: Any) -> None:
    found = findings_of(tmp_path, content, path)
    assert {each.rule for each in found} & {"manifest-unreadable", "manifest-conflict"}


def test_the_number_of_compared_manifests_is_limited(tmp_path: Path) -> None:
    files = {f"n{number}.onex.yaml": "name: x" for number in range(MAX_MANIFESTS + 1)}
    found = findings_of(tmp_path, SAME, files=files, **TOOLSET)
    (limit,) = [each for each in found if "at most" in each.message]
    assert limit.severity is Severity.ERROR


def test_no_real_manifest_is_refused(tmp_path: Path) -> None:
    """Each is packed with the `plugport.yaml` that declares the same."""
    root = shared_data("marketplaces")
    paths = sorted(root.glob("**/.claude-plugin/plugin.json"))
    assert len(paths) == 354
    refused, compared = [], 0
    for path in paths:
        content = path.read_bytes()
        defaults = ManifestDefaults(version=Version.parse("0.0.0"))
        manifest = parse_manifest_file("claude", CLAUDE, content, defaults=defaults).manifest
        try:
            texts = render_manifest(manifest, "plugport")
        except LossyManifestError:
            continue
        subject = build_subject(tmp_path, {CLAUDE: content, **texts})
        found = find(subject, "manifest")
        refused += [
            (path, each.message)
            for each in found
            if each.severity is Severity.ERROR and each.rule.startswith("manifest-")
        ]
        compared += 1
    assert (refused, compared) == ([], 354)
