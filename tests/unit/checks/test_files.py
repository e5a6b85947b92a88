"""The files check: files of the manifest, of its format, and those that users expect."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from plugport.checks.entry_points import find_main_candidates
from plugport.checks.paths import normalize_path
from tests.unit.checks.packages import build_subject, find, rules


def files_of(folder: Path, files: dict[str, Any], **manifest: Any) -> list[str]:
    return rules(find(build_subject(folder, files, manifest), "files"))


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("./dist//x.js", "dist/x.js"),
        ("a/../b", "b"),
        (".", ""),
        ("../x", None),
        ("a/../../x", None),
        ("/etc/passwd", None),
        ("C:\\x", None),
        ("a\\..\\..\\x", None),
        ("a\0b", None),
    ],
)
def test_paths_are_cleaned_and_kept_inside(written: str, clean: str | None) -> None:
    assert normalize_path(written) == clean


@pytest.mark.parametrize(
    ("main", "file", "expected"),
    [
        ("./index.mjs", "index.mjs", []),
        ("lib/start", "lib/start.js", []),
        ("lib", "lib/index.ts", []),
        ("pkg.plugin:Plugin", "pkg/plugin.py", []),
        ("pkg.plugin:Plugin", "src/pkg/plugin/__init__.py", []),
        ("./main.js", "index.js", ["main-missing"]),
        ("pkg.plugin:Plugin", "pkg/other.py", ["main-missing"]),
        ("./dist/index.js", "src/index.ts", ["main-not-built"]),
    ],
)
def test_main(tmp_path: Path, main: str, file: str, expected: list[str]) -> None:
    assert files_of(tmp_path, {"index.mjs": None, file: "x"}, main=main) == expected


def test_a_main_outside_the_package_has_no_candidates() -> None:
    assert find_main_candidates("../x.js") is None


def test_missing_type_declarations_are_a_warning(tmp_path: Path) -> None:
    assert files_of(tmp_path, {}, types="./index.d.ts") == ["types-missing"]
    assert files_of(tmp_path, {"index.d.ts": "export {};"}, types="./index.d.ts") == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"README.md": None}, ["readme-missing"]),
        ({"README.md": None, "docs/README.md": "x" * 100}, ["readme-missing"]),
        ({"README.md": None, "readme.rst": "x" * 100}, []),
        ({"README.md": "# Sample\n"}, ["readme-empty"]),
        ({"CHANGELOG.md": None}, ["changelog-missing"]),
        ({"CHANGELOG.md": None, "HISTORY.md": "x"}, []),
        ({"LICENSE": None}, ["licence-file-missing"]),
        ({"LICENSE": None, "LICENCE-MIT.txt": "x"}, []),
    ],
)
def test_documents(tmp_path: Path, files: dict[str, Any], expected: list[str]) -> None:
    assert files_of(tmp_path, files) == expected


def claude(folder: Path, files: dict[str, Any], **fields: Any) -> list[str]:
    manifest = {"name": "sample", "version": "1.0.0", "description": "A sample.", **fields}
    files = {".claude-plugin/plugin.json": json.dumps(manifest), "index.mjs": None, **files}
    subject = build_subject(folder, files, manifest_path=".claude-plugin/plugin.json")
    return rules(find(subject, "files"))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"commands": "./commands"}, []),
        ({"commands": ["./commands/hello.md"]}, []),
        ({"commands": {"hi": {"source": "./commands/hello.md"}}}, []),
        ({"commands": "./commands/other.md"}, ["component-missing"]),
        ({"commands": ["./commands/hello.md", "./agents/a.md"]}, ["component-missing"]),
        ({"commands": {"hi": {"source": "./commands/other.md"}}}, ["component-missing"]),
        ({"mcpServers": {"x": {"command": "./bin/x", "args": ["a/b"]}}}, []),
        ({}, []),
    ],
)
def test_components_that_a_manifest_names(
    tmp_path: Path, fields: dict[str, Any], expected: list[str]
) -> None:
    assert claude(tmp_path, {"commands/hello.md": "Say hello."}, **fields) == expected


def test_a_toolset_with_nothing_to_use_is_a_warning(tmp_path: Path) -> None:
    assert claude(tmp_path, {}) == ["nothing-inside"]


def test_skill_folders_need_their_file(tmp_path: Path) -> None:
    files = {"skills/good/SKILL.md": "x", "skills/bad/notes.md": "x", "skills/README.md": "x"}
    assert claude(tmp_path, files) == ["skill-incomplete"]


def test_a_component_in_python_needs_its_file(tmp_path: Path) -> None:
    fields = {"kind": "tool", "main": None, "entrypoint": {"type": "python", "target": "tool.py"}}
    assert files_of(tmp_path, {}, **fields) == ["component-missing"]
    assert files_of(tmp_path, {"tool.py": "x"}, **fields) == []


def test_an_entry_point_outside_the_package_is_an_error(tmp_path: Path) -> None:
    target = {"type": "python", "target": "../../tool.py"}
    expected = ["path-outside"]
    assert files_of(tmp_path, {}, kind="tool", main=None, entrypoint=target) == expected


def test_folders_to_be_copied_must_be_there(tmp_path: Path) -> None:
    fields = {"kind": "service", "copy": [{"from": "plugin", "to": "src/plugins/sample"}]}
    assert files_of(tmp_path, {}, **fields) == ["component-missing"]
    assert files_of(tmp_path, {"plugin/index.ts": "x"}, **fields) == []


@pytest.mark.parametrize(
    ("file", "expected"), [("index.ts", []), ("index.js", []), ("main.ts", ["index-missing"])]
)
def test_donkeylabs_begins_at_an_index(tmp_path: Path, file: str, expected: list[str]) -> None:
    manifest = {"name": "sample", "version": "1.0.0", "license": "MIT"}
    files = {"package.json": json.dumps(manifest), "index.mjs": None, file: "x"}
    subject = build_subject(tmp_path, files, manifest_path="package.json")
    assert rules(find(subject, "files")) == expected


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"main": "caf\u00e9.js"}, "cafe\u0301.js"),
        ({"main": "./lib/cafe\u0301"}, "lib/caf\u00e9/index.js"),
        ({"types": "caf\u00e9.d.ts"}, "cafe\u0301.d.ts"),
        ({"kind": "service", "copy": [{"from": "caf\u00e9", "to": "x"}]}, "cafe\u0301/a.txt"),
        (
            {
                "kind": "tool",
                "main": None,
                "entrypoint": {"type": "python", "target": "caf\u00e9.py"},
            },
            "cafe\u0301.py",
        ),
    ],
)
def test_paths_in_another_unicode_form(tmp_path: Path, fields: dict[str, Any], path: str) -> None:
    """The file exists, but a host on Linux does not find it."""
    assert files_of(tmp_path, {path: "x"}, **fields) == ["unicode-form-differs"]
    other = unicodedata.normalize("NFC" if "\u0301" in path else "NFD", path)
    assert files_of(tmp_path, {other: "x"}, **fields) == []
