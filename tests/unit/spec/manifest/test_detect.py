"""Which file is the manifest, and which files beside it matter."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.detect import DETECTION, find_dialect, find_manifest
from plugport.spec.manifest.dialects.registry import DIALECTS
from plugport.spec.manifest.subfiles import SUBFILES, is_manifest_path, is_subfile

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
    found = find_manifest({*ORDER[first:], "README.md", "index.ts"})
    assert found == (ORDER[first], find_dialect(ORDER[first]))


def test_every_dialect_is_found_by_the_path_it_is_written_to():
    assert {name for _, name in DETECTION} == set(DIALECTS)
    for name, dialect in DIALECTS.items():
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
def test_other_places_and_spellings_do_not_count(path):
    assert find_manifest([path]) is None
    assert not is_manifest_path(path)


def test_of_several_nodes_the_first_by_name_counts():
    assert find_manifest(["b.onex.yaml", "a.onex.yaml"]) == ("a.onex.yaml", "omnibase")


def test_files_beside_the_manifest():
    assert all(is_subfile(path) for path in SUBFILES)
    assert is_subfile("hooks/more.json")
    assert is_subfile("Hooks/Hooks.JSON")
    assert not is_subfile("src/hooks.json")
    assert is_manifest_path("x.onex.yaml")
