"""A package is unpacked completely or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugport.spec.archive.errors import ArchiveError, UnpackFailedError, UnpackTargetError
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.archive.unpacker import unpack_package
from tests.support.archives import PackageBuilder, load_tree, write_tree


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    builder = PackageBuilder().manifest("slack/").file("slack/bin/run", "x", mode=0o755)
    return builder.write(tmp_path / "p.tar.gz")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (home := tmp_path / "home").mkdir()
    return home


def test_a_new_folder(archive: Path, home: Path) -> None:
    package = unpack_package(archive, home / "plugin")
    assert package.root == "slack"
    assert set(load_tree(home)) == {"plugin/ar-plugin.yaml", "plugin/bin/run"}
    assert (home / "plugin").stat().st_mode & 0o7777 == 0o755
    assert os.access(home / "plugin/bin/run", os.X_OK)


def test_an_empty_folder(archive: Path, home: Path) -> None:
    (home / "plugin").mkdir()
    unpack_package(archive, home / "plugin")
    assert set(load_tree(home / "plugin")) == {"ar-plugin.yaml", "bin/run"}


def test_a_folder_that_is_taken_stays_as_it_is(archive: Path, home: Path) -> None:
    write_tree(home / "plugin", {"mine.txt": "keep"})
    with pytest.raises(UnpackTargetError) as caught:
        unpack_package(archive, home / "plugin")
    assert caught.value.code == "unpack-target"
    assert load_tree(home) == {"plugin/mine.txt": b"keep"}


@pytest.mark.parametrize("target", ["elsewhere", "nowhere", "file"])
def test_a_link_or_file_in_the_way_is_not_followed(
    archive: Path, home: Path, tmp_path: Path, target: str
) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    if target == "file":
        (home / "plugin").write_text("mine")
    else:
        (home / "plugin").symlink_to(tmp_path / target)
    with pytest.raises(UnpackTargetError):
        unpack_package(archive, home / "plugin")
    assert list(elsewhere.iterdir()) == []
    assert [path.name for path in home.iterdir()] == ["plugin"]


def test_a_parent_that_is_missing(archive: Path, home: Path) -> None:
    with pytest.raises(UnpackFailedError) as caught:
        unpack_package(archive, home / "a/b")
    assert caught.value.code == "unpack-failed"
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("exists", [True, False])
def test_nothing_is_left_of_a_bad_package(tmp_path: Path, home: Path, *, exists: bool) -> None:
    bad = PackageBuilder().manifest().file("a/b", "x").file("../evil", "x")
    if exists:
        (home / "plugin").mkdir()
    with pytest.raises(ArchiveError):
        unpack_package(bad.write(tmp_path / "bad.tar.gz"), home / "plugin")
    assert load_tree(tmp_path) == {"bad.tar.gz": bad.build()}
    assert len(list(home.iterdir())) == exists


def test_the_limits_are_those_given(archive: Path, home: Path) -> None:
    with pytest.raises(ArchiveError) as caught:
        unpack_package(archive, home / "plugin", ArchiveLimits(entries=1))
    assert caught.value.code == "archive-too-many-entries"
    assert list(home.iterdir()) == []


def test_a_package_that_cannot_be_written(archive: Path) -> None:
    # Not even root can create a folder there.
    with pytest.raises(UnpackFailedError):
        unpack_package(archive, Path("/proc/plugport/plugin"))
