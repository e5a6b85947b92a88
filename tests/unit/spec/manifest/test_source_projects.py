"""What the projects behind the dialects really write, each judged."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.reading import ManifestReading, read_document
from plugport.spec.manifest.writing import write_manifest
from tests.support.data import shared_data


def read_sample(dialect: str, folder: str, name: str) -> ManifestReading:
    return read_document(dialect, name, shared_data("source-projects", folder, name).read_bytes())


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
    ("description", "wrong-type"),
    ("state_contract", "wrong-type"),
    ("lifecycle", "not-allowed-value"),
    ("entrypoint.type", "not-allowed-value"),
    ("entrypoint.target", "wrong-type"),
    ("namespace", "not-allowed-value"),
    ("meta_type", "not-allowed-value"),
    ("tags", "wrong-type"),
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
def test_samples_that_are_read(dialect, folder, file, name, warnings):
    reading = read_sample(dialect, folder, file)
    assert str(reading.manifest.name) == name
    assert [f"{warning.field} {warning.code}" for warning in reading.warnings] == warnings
    ((path, content),) = write_manifest(reading.manifest, dialect).items()
    assert read_document(dialect, path, content).manifest == reading.manifest


@pytest.mark.parametrize(("dialect", "folder", "file", "faults"), REFUSED)
def test_samples_that_are_refused(dialect, folder, file, faults):
    with pytest.raises(ManifestError) as caught:
        read_sample(dialect, folder, file)
    assert [(fault.field, fault.code) for fault in caught.value.fields] == faults
    assert all(fault.line and fault.file == file for fault in caught.value.fields)


def test_what_the_real_plugins_ask_for():
    images = read_sample("donkeylabs", "donkeylabs", "images.manifest.json").manifest
    assert images.permissions.env == (
        "S3_ACCESS_KEY_ID",
        "S3_BUCKET",
        "S3_ENDPOINT",
        "S3_REGION",
        "S3_SECRET_ACCESS_KEY",
    )
    node = read_sample("omnibase", "omnibase", "valid_onex_node.yaml").manifest
    assert node.dependencies.plugins == {"tree-generator": ">=0.2.0"}
