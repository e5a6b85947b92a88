"""Short ways to read manifests in tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from plugport.spec.errors import FieldError
from plugport.spec.manifest.dialects.registry import DIALECTS
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.reading import ManifestReading, read_document
from plugport.spec.manifest.writing import dump_document

# The least that each dialect accepts.
LEAST: dict[str, dict[str, Any]] = {
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


def read(
    dialect: str,
    *,
    texts: Mapping[str, bytes] | None = None,
    paths: Collection[str] | None = None,
    **fields: Any,
) -> ManifestReading:
    """Read the least manifest of a dialect with some fields changed (`...` leaves one out)."""
    document = {k: v for k, v in {**LEAST[dialect], **fields}.items() if v is not ...}
    known = DIALECTS[dialect]
    content = dump_document(document, known.format)
    return read_document(dialect, known.path, content, texts=texts, paths=paths)


def read_good(dialect: str, **fields: Any) -> Manifest:
    """Read a manifest that must give neither errors nor warnings."""
    reading = read(dialect, **fields)
    assert [str(warning) for warning in reading.warnings] == []
    return reading.manifest


def faults_of(dialect: str, **fields: Any) -> tuple[FieldError, ...]:
    """Read a manifest that must be refused, and return its faults."""
    with pytest.raises(ManifestError) as caught:
        read(dialect, **fields)
    return caught.value.fields


def codes_of(dialect: str, **fields: Any) -> list[tuple[str, str]]:
    """Read a manifest that must be refused, and return where and why."""
    return [(fault.field, fault.code) for fault in faults_of(dialect, **fields)]


def warnings_of(dialect: str, **fields: Any) -> list[tuple[str, str]]:
    """Read a manifest that must be accepted, and return its warnings: where and why."""
    return [(warning.field, warning.code) for warning in read(dialect, **fields).warnings]
