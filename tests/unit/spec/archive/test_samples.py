"""The samples of hostile and unusual packages: each has the expected verdict."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from plugport.spec.archive.errors import ArchiveError
from plugport.spec.archive.reader import load_package
from plugport.spec.archive.unpacker import unpack_package
from tests.support.data import shared_data

# The error of the archive reader for a sample. Other samples are valid archives, whose manifests
# may be invalid.
CODES = {
    "bad-crc": "archive-bad-checksum",
    "bad-header-checksum": "archive-bad-header-checksum",
    "bomb-1gib": "archive-file-too-large",
    "case-collision": "archive-path-collision",
    "device-char": "archive-device",
    "duplicate-manifest": "archive-path-duplicate",
    "empty": "archive-empty",
    "fifo": "archive-fifo",
    "gzip-trailing-garbage": "archive-trailing-data",
    "hardlink-escape": "archive-link",
    "manifest-50mb": "archive-manifest-too-large",
    "manifest-directory": "archive-manifest-not-file",
    "many-200k-entries": "archive-too-many-entries",
    "name-5000": "archive-path-too-long",
    "name-control": "archive-path-control-character",
    "name-deep": "archive-path-too-deep",
    "name-nul": "archive-path-control-character",
    "no-members": "archive-no-files",
    "path-absolute": "archive-path-absolute",
    "path-backslash": "archive-path-backslash",
    "path-dotdot": "archive-path-traversal",
    "path-pax-override": "archive-path-traversal",
    "size-lie": "archive-file-too-large",
    "sparse-10gib": "archive-sparse",
    "symlink-escape": "archive-link",
    "symlink-manifest": "archive-link",
    "truncated": "archive-truncated",
    "unicode-collision": "archive-path-collision",
    "zip-as-targz": "archive-wrong-format",
}
# Samples that are refused for what is in them; the archive around it is sound.
CONTENT_PREFIXES = ("yaml-", "json-", "version-", "name-", "manifest-")


def _read_expectations() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(
        shared_data("archives", "samples", "expected.json").read_text()
    )
    return rows


def _get_stem(sample: str) -> str:
    return sample.removesuffix(".tar.gz")


def test_every_sample_has_its_verdict(tmp_path: Path) -> None:
    for number, row in enumerate(_read_expectations()):
        _check_sample(row, tmp_path / f"{number}")


def _check_sample(row: dict[str, str], scratch: Path) -> None:
    stem = _get_stem(row["file"])
    archive = shared_data("archives", "samples", row["file"])
    (tree := scratch / "a/b/c/tree").mkdir(parents=True)
    if expected := CODES.get(stem):
        assert row["verdict"] in {"reject", "either"}
        with pytest.raises(ArchiveError) as caught:
            load_package(archive, tree=tree)
        assert caught.value.code == expected, (stem, str(caught.value))
        assert str(caught.value).isprintable()
        assert list(tree.iterdir()) == []
    else:
        assert row["verdict"] != "reject" or stem.startswith(CONTENT_PREFIXES)
        package = load_package(archive, tree=tree)
        _check_tree(tree, {entry.path for entry in package.files})
    written = {path.relative_to(scratch) for path in scratch.rglob("*")}
    inside = {path for path in written if path.parts[:4] == ("a", "b", "c", "tree")}
    assert len(written - inside) == 3, stem


def _check_tree(tree: Path, expected: set[str]) -> None:
    paths = set()
    for folder, _folders, files in os.walk(tree):
        for name in files:
            path = Path(folder, name)
            assert not path.is_symlink()
            assert path.stat().st_mode & 0o7777 in {0o644, 0o755}
            paths.add(path.relative_to(tree).as_posix())
    assert paths == expected


def test_all_samples_are_known() -> None:
    known = {_get_stem(row["file"]) for row in _read_expectations()}
    assert set(CODES) <= known
    assert len(known) >= 65


@pytest.mark.parametrize("stem", ["symlink-escape", "path-dotdot", "truncated", "bad-crc"])
def test_unpacking_leaves_nothing_of_a_bad_sample(tmp_path: Path, stem: str) -> None:
    with pytest.raises(ArchiveError):
        unpack_package(shared_data("archives", "samples", f"{stem}.tar.gz"), tmp_path / "plugin")
    assert list(tmp_path.iterdir()) == []
