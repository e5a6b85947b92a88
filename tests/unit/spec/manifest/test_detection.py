"""Detection of the manifest and of component files."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.detection import (
    COMPONENT_FILES,
    MANIFEST_PATTERNS,
    find_manifest,
    find_manifest_format,
    is_component_file,
    is_manifest_path,
)
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS

ORDER = [
    "plugport.yaml",
    "ar-plugin.yaml",
    ".claude-plugin/plugin.json",
    "plugin.json",
    "manifest.yaml",
    "node.onex.yaml",
    "a.onex.yaml",
    "package.json",
    "manifest.json",
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_formats_made_for_plugins_come_first(first):
    manifest = find_manifest({*ORDER[first:], "README.md", "index.ts"})
    assert manifest == (ORDER[first], find_manifest_format(ORDER[first]))


def test_every_format_is_detected_at_its_own_path():
    assert {name for _, name in MANIFEST_PATTERNS} == set(MANIFEST_FORMATS)
    for name, dialect in MANIFEST_FORMATS.items():
        assert find_manifest([dialect.path]) == (dialect.path, name)


@pytest.mark.parametrize(
    "path",
    [
        "deep/plugport.yaml",
        "PLUGPORT.YAML",
        "deep/x.onex.yaml",
        "ar-plugin.yaml/x",
        "plugin.json.bak",
    ],
)
def test_other_folders_and_spellings_do_not_count(path):
    assert find_manifest([path]) is None
    assert not is_manifest_path(path)


def test_the_first_of_several_nodes_by_name_counts():
    assert find_manifest(["b.onex.yaml", "a.onex.yaml"]) == ("a.onex.yaml", "omnibase")


def test_component_files():
    assert all(is_component_file(path) for paths in COMPONENT_FILES.values() for path in paths)
    assert is_component_file("hooks/more.json")
    assert is_component_file("Hooks/Hooks.JSON")
    assert not is_component_file("src/hooks.json")
    assert is_manifest_path("x.onex.yaml")
