"""Real manifests of the projects that define the formats."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.parsing import ParsedManifest, parse_manifest_file
from plugport.spec.manifest.rendering import render_manifest
from tests.support.data import shared_data


def load_sample(dialect: str, folder: str, name: str) -> ParsedManifest:
    return parse_manifest_file(
        dialect, name, shared_data("source-projects", folder, name).read_bytes()
    )


READ = [
    ("donkeylabs", "donkeylabs", "images.manifest.json", "images", []),
    ("donkeylabs", "donkeylabs", "stripe.manifest.json", "stripe", []),
    ("donkeylabs", "donkeylabs", "server.package.json", "@donkeylabs/server", []),
    ("donkeylabs", "donkeylabs", "cli.package.json", "@donkeylabs/cli", []),
    (
        "donkeylabs",
        "donkeylabs",
        "adapter-sveltekit.package.json",
        "@donkeylabs/adapter-sveltekit",
        [],
    ),
    (
        "donkeylabs",
        "agent-relay",
        "gemini-relay-extension.package.json",
        "gemini-relay-extension",
        [],
    ),
    (
        "donkeylabs",
        "agent-relay",
        "opencode-relay-plugin.package.json",
        "opencode-relay-plugin",
        [],
    ),
    (
        "claude",
        "federation",
        "marketplace-pro.plugin.json",
        "marketplace-pro",
        ["contextEntry unknown-field", "context unknown-field"],
    ),
    (
        "omnibase",
        "omnibase",
        "stamper.node.onex.yaml",
        "stamper-node",
        ["name name-normalised", "trust_score_stub registry-decides", "hash hash-not-computed"],
    ),
    (
        "omnibase",
        "omnibase",
        "tree_generator.node.onex.yaml",
        "tree-generator-node",
        ["name name-normalised", "trust_score_stub registry-decides", "hash hash-not-computed"],
    ),
    (
        "omnibase",
        "omnibase",
        "valid_onex_node.yaml",
        "extract-summary-block",
        ["name name-normalised", "trust_score registry-decides"],
    ),
    (
        "omnibase",
        "omnibase",
        "valid_onex_node.json",
        "extract-summary-block",
        ["name name-normalised", "trust_score registry-decides"],
    ),
]

INVALID_NODE = [
    ("schema_version", "not-allowed-value"),
    ("name", "wrong-type"),
    ("version", "invalid-version"),
    ("uuid", "not-allowed-value"),
    ("created_at", "not-allowed-value"),
    ("state_contract", "wrong-type"),
    ("lifecycle", "not-allowed-value"),
    ("entrypoint.type", "not-allowed-value"),
    ("entrypoint.target", "wrong-type"),
    ("namespace", "not-allowed-value"),
    ("meta_type", "not-allowed-value"),
    ("protocols_supported[0]", "wrong-type"),
    ("dependencies[0].name", "wrong-type"),
    ("dependencies[0].type", "not-allowed-value"),
    ("dependencies[0].target", "wrong-type"),
    ("dependencies[0].binding", "not-allowed-value"),
]

REFUSED = [
    # Marked as private: its author does not want it published anywhere.
    ("donkeylabs", "donkeylabs", "registry.package.json", [("private", "private")]),
    # A template with placeholders still in it.
    (
        "omnibase",
        "omnibase",
        "template.node.onex.yaml",
        [
            ("uuid", "not-allowed-value"),
            ("created_at", "not-allowed-value"),
            ("last_modified_at", "not-allowed-value"),
            ("lifecycle", "not-allowed-value"),
        ],
    ),
    # Wrong on purpose; what only the framework reads (hash, inputs) is not judged here.
    ("omnibase", "omnibase", "invalid_onex_node.yaml", INVALID_NODE),
    ("omnibase", "omnibase", "invalid_onex_node.json", INVALID_NODE),
]


@pytest.mark.parametrize(("dialect", "folder", "file", "name", "warnings"), READ)
def test_valid_samples(dialect, folder, file, name, warnings):
    reading = load_sample(dialect, folder, file)
    assert str(reading.manifest.name) == name
    assert [f"{warning.field} {warning.code}" for warning in reading.warnings] == warnings
    ((path, content),) = render_manifest(reading.manifest, dialect).items()
    assert parse_manifest_file(dialect, path, content).manifest == reading.manifest


@pytest.mark.parametrize(("dialect", "folder", "file", "problems"), REFUSED)
def test_invalid_samples(dialect, folder, file, problems):
    with pytest.raises(ManifestError) as caught:
        load_sample(dialect, folder, file)
    assert [(problem.field, problem.code) for problem in caught.value.fields] == problems
    assert all(problem.line and problem.file == file for problem in caught.value.fields)


def test_permissions_of_real_plugins():
    images = load_sample("donkeylabs", "donkeylabs", "images.manifest.json").manifest
    assert images.permissions.env == (
        "S3_ACCESS_KEY_ID",
        "S3_BUCKET",
        "S3_ENDPOINT",
        "S3_REGION",
        "S3_SECRET_ACCESS_KEY",
    )
    node = load_sample("omnibase", "omnibase", "valid_onex_node.yaml").manifest
    assert node.dependencies.plugins == {"tree-generator": ">=0.2.0"}
