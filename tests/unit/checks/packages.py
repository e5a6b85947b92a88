"""Packages for the checks: real archives, read by the same reader as uploads."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plugport.checks.base import Finding, Subject
from plugport.checks.registry import run_checks
from plugport.checks.subject import load_subject
from tests.support.archives import PackageBuilder

README = "# Sample\n\nA plugin that is complete, so that only the fault under test is found.\n"
COMPLETE: dict[str, str | bytes] = {
    "README.md": README,
    "CHANGELOG.md": "# Changelog\n\n## 1.0.0\n\n- First release.\n",
    "LICENSE": "SPDX-License-Identifier: MIT\n",
    "index.mjs": "export const onLoad = async () => {};\n",
}
MANIFEST: dict[str, Any] = {
    "schema": 1,
    "name": "@acme/sample",
    "version": "1.0.0",
    "kind": "bridge",
    "description": "A sample.",
    "author": {"name": "Acme"},
    "license": "MIT",
    "repository": "https://git.example/acme/sample",
    "main": "./index.mjs",
}


def build_subject(
    folder: Path,
    files: Mapping[str, Any] | None = None,
    manifest: Mapping[str, Any] | None = None,
    manifest_path: str = "plugport.yaml",
) -> Subject:
    """Build a complete plugin with changes: None removes a file or a field of the manifest."""
    fields = {
        key: value for key, value in {**MANIFEST, **(manifest or {})}.items() if value is not None
    }
    content: dict[str, Any] = {**COMPLETE, **(files or {})}
    content.setdefault(manifest_path, json.dumps(fields))
    content_files = {path: text for path, text in content.items() if text is not None}
    package_folder = Path(tempfile.mkdtemp(dir=folder))
    archive = PackageBuilder(content_files).write(package_folder / "sample.tar.gz")
    return load_subject(archive, package_folder / "scratch")


def find(subject: Subject, check: str) -> list[Finding]:
    """Return the findings of one check."""
    return run_checks(subject)[check]


def rules(findings: list[Finding]) -> list[str]:
    """Return the rules of findings, in their order."""
    return [finding.rule for finding in findings]
