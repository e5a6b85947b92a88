"""Helpers that parse manifests in tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from plugport.spec.errors import FieldError
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.parsing import ParsedManifest, parse_manifest_file
from plugport.spec.manifest.rendering import render_document

# The minimal valid manifest of each format.
MINIMAL: dict[str, dict[str, Any]] = {
    "plugport": {"name": "x", "version": "1.0.0", "kind": "toolset"},
    "agent-relay": {"name": "x", "version": "1.0.0", "type": "bridge"},
    "claude": {"name": "x", "version": "1.0.0"},
    "agent-plugins": {
        "$schema": "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json",
        "name": "x",
        "version": "1.0.0",
    },
    "cortex": {
        "name": "x",
        "version": "1.0.0",
        "runtime": {"type": "docker", "image": "acme/x:1"},
        "capabilities": [{"name": "act"}],
    },
    "omnibase": {
        "name": "x",
        "version": "1.0.0",
        "meta_type": "tool",
        "entrypoint": {"type": "python", "target": "x.py"},
    },
    "donkeylabs": {"name": "x", "version": "1.0.0"},
}


def parse(
    dialect: str,
    *,
    texts: Mapping[str, bytes] | None = None,
    paths: Collection[str] | None = None,
    **fields: Any,
) -> ParsedManifest:
    """Parse the minimal manifest of a format with some fields changed (`...` removes one)."""
    document = {k: v for k, v in {**MINIMAL[dialect], **fields}.items() if v is not ...}
    known = MANIFEST_FORMATS[dialect]
    content = render_document(document, known.syntax)
    return parse_manifest_file(dialect, known.path, content, texts=texts, paths=paths)


def parse_valid(dialect: str, **fields: Any) -> Manifest:
    """Parse a manifest that has neither errors nor warnings."""
    reading = parse(dialect, **fields)
    assert [str(warning) for warning in reading.warnings] == []
    return reading.manifest


def list_errors(dialect: str, **fields: Any) -> tuple[FieldError, ...]:
    """Parse an invalid manifest and return its errors."""
    with pytest.raises(ManifestError) as caught:
        parse(dialect, **fields)
    return caught.value.fields


def list_error_codes(dialect: str, **fields: Any) -> list[tuple[str, str]]:
    """Parse an invalid manifest and return the fields and codes of its errors."""
    return [(problem.field, problem.code) for problem in list_errors(dialect, **fields)]


def list_warnings(dialect: str, **fields: Any) -> list[tuple[str, str]]:
    """Parse a valid manifest and return the fields and codes of its warnings."""
    return [(warning.field, warning.code) for warning in parse(dialect, **fields).warnings]
