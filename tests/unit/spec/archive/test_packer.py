"""Created packages are reproducible and readable, without secrets or links."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import socket
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugport.spec.archive.errors import ArchiveError, PackLinkError, PackSecretError
from plugport.spec.archive.model import ArchiveLimits, PackReport
from plugport.spec.archive.packer import list_source_files, pack_tree
from plugport.spec.archive.reader import load_package
from plugport.spec.archive.unpacker import unpack_package
from tests.support.archives import load_tree, write_tree

TREE = {
    "ar-plugin.yaml": b"name: x",
    "README.md": b"# Read me",
    "dist/index.js": b"1" * 3000,
    "dist/empty.js": b"",
    "docs/" + "long-folder/" * 9 + "file.md": b"2",
    "docs/" + "n" * 120 + ".md": b"3",
    "docs/größe.md": b"4",
    "Z": b"5",
    "a-b": b"6",
    "a/b": b"7",
}


def _pack(folder: Path, **limits: int) -> tuple[PackReport, bytes]:
    out = io.BytesIO()
    report = pack_tree(folder, out, limits=ArchiveLimits(**limits))
    return report, out.getvalue()


def _refuse(folder: Path, code: str, **limits: int) -> ArchiveError:
    out = io.BytesIO()
    with pytest.raises(ArchiveError) as caught:
        pack_tree(folder, out, limits=ArchiveLimits(**limits))
    assert caught.value.code == code, str(caught.value)
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "tree", TREE)


def test_packed_files_read_back(folder: Path, tmp_path: Path) -> None:
    (folder / "dist/index.js").chmod(0o700)
    report, data = _pack(folder)
    (tmp_path / "p.tar.gz").write_bytes(data)
    package = load_package(tmp_path / "p.tar.gz")
    assert package.files == report.files
    assert package.unpacked_bytes == report.unpacked_bytes == sum(map(len, TREE.values()))
    assert [entry.path for entry in package.files if entry.executable] == ["dist/index.js"]
    unpack_package(tmp_path / "p.tar.gz", tmp_path / "out")
    assert load_tree(tmp_path / "out") == TREE


def test_the_report_is_of_the_archive(folder: Path) -> None:
    report, data = _pack(folder)
    assert report.size_bytes == len(data)
    assert report.sha256.hex == hashlib.sha256(data).hexdigest()
    assert report.sha512.hex == hashlib.sha512(data).hexdigest()


def test_files_come_in_the_order_of_their_bytes(folder: Path) -> None:
    paths = [entry.path for entry in _pack(folder)[0].files]
    assert paths == sorted(TREE, key=lambda path: path.encode())
    assert paths.index("a-b") < paths.index("a/b")
    assert [file.path for file in list_source_files(folder)] == paths


def test_nothing_but_content_and_execute_bit_matters(folder: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        other = write_tree(tmp_path / "other", dict(reversed(TREE.items())))
    finally:
        os.umask(before)
    (other / "empty/folder").mkdir(parents=True)
    for path in [other, *other.rglob("*")]:
        os.utime(path, (1, 1))
    if os.geteuid() == 0:
        os.chown(other / "Z", 12345, 12345)
    assert _pack(other)[1] == _pack(folder)[1]


def test_the_bytes_of_a_package_are_reproducible(tmp_path: Path) -> None:
    """A change of this digest changes the packages of all authors, so it must be intended."""
    files = {"plugport.yaml": "name: x\n", "bin/run": "#!/bin/sh\n", "ü": "x"}
    folder = write_tree(tmp_path / "t", files)
    (folder / "bin/run").chmod(0o755)
    data = _pack(folder)[1]
    assert data[:10].hex() == "1f8b08000000000000ff"
    digest = hashlib.sha256(gzip.decompress(data)).hexdigest()
    assert digest == "a6e4780a0b3cdb245a638743e60866126416e533db917e9e7649db686e2aea41"


def test_other_tools_read_it(folder: Path, tmp_path: Path) -> None:
    data = _pack(folder)[1]
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        members = archive.getmembers()
    assert {member.name: member.size for member in members} == {k: len(v) for k, v in TREE.items()}
    assert {(m.uid, m.gid, m.uname, m.mtime) for m in members} == {(0, 0, "", 315_619_200)}
    (tmp_path / "p.tar.gz").write_bytes(data)
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-xzf", tmp_path / "p.tar.gz", "-C", tmp_path / "out"], check=True)
    assert load_tree(tmp_path / "out") == TREE


def test_packing_what_was_unpacked_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_tree(folder, {".gitignore": "*.log\n", "a.log": "x", ".plugportignore": "!dist\n"})
    data = _pack(folder)[1]
    (tmp_path / "p.tar.gz").write_bytes(data)
    unpack_package(tmp_path / "p.tar.gz", tmp_path / "again")
    assert _pack(tmp_path / "again")[1] == data


class TestSecrets:
    def test_all_are_listed_at_once(self, folder: Path) -> None:
        write_tree(folder, {"y/.env": "A=1", "server.key": "x", ".env.example": "A="})
        error = _refuse(folder, "pack-secret-file")
        assert isinstance(error, PackSecretError)
        assert [fault.file for fault in error.fields] == ["server.key", "y/.env"]
        assert "`server.key`" in error.detail
        assert error.hint is not None
        assert ".plugportignore" in error.hint

    @pytest.mark.parametrize(
        ("count", "rest"),
        [
            (1, "contains files that look like secrets: `0.key`"),
            (5, "`4.key`"),
            (6, "`4.key`, and 1 more"),
        ],
    )
    def test_the_message_names_five_and_counts_the_others(
        self, folder: Path, count: int, rest: str
    ) -> None:
        write_tree(folder, {f"{i}.key": "x" for i in range(count)})
        assert _refuse(folder, "pack-secret-file").detail.endswith(rest)

    def test_nothing_is_written_before(self, folder: Path) -> None:
        write_tree(folder, {".env": "A=1"})
        out = io.BytesIO()
        with pytest.raises(PackSecretError):
            pack_tree(folder, out)
        assert out.getvalue() == b""

    def test_those_that_are_left_out_are_fine(self, folder: Path) -> None:
        write_tree(folder, {".env": "A=1", ".gitignore": ".env\n"})
        assert ".env" not in {entry.path for entry in _pack(folder)[0].files}

    def test_content_decides_for_ambiguous_names(self, folder: Path) -> None:
        write_tree(folder, {".npmrc": "save-exact=true\n", "ca.pem": "-----BEGIN CERTIFICATE-----"})
        assert len(_pack(folder)[0].files) == len(TREE) + 2
        write_tree(folder, {".npmrc": "//npm.example/:_authToken=abc\n"})
        assert [fault.file for fault in _refuse(folder, "pack-secret-file").fields] == [".npmrc"]


class TestLinks:
    @pytest.mark.parametrize("target", ["Z", "dist", "../outside", "/etc/passwd", "nowhere"])
    def test_links_are_refused_wherever_they_point(self, folder: Path, target: str) -> None:
        (folder / "dist/link").symlink_to(target)
        error = _refuse(folder, "pack-link")
        assert isinstance(error, PackLinkError)
        assert [(fault.file, fault.code) for fault in error.fields] == [("dist/link", "link")]
        assert error.detail.endswith("not allowed in a package: `dist/link`")
        assert "contains links" in error.detail

    def test_links_and_special_files_are_listed_at_once(self, folder: Path) -> None:
        (folder / "link").symlink_to("Z")
        os.mkfifo(folder / "dist/pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "sock"))
            error = _refuse(folder, "pack-link")
        codes = {fault.file: fault.code for fault in error.fields}
        assert codes == {"link": "link", "dist/pipe": "special-file", "sock": "special-file"}

    def test_hostile_names_are_shown_safely(self, folder: Path) -> None:
        (folder / "\x1b[31mred\n").symlink_to("Z")
        (folder / os.fsdecode(b"\xff")).symlink_to("Z")
        error = _refuse(folder, "pack-link")
        assert str(error).isprintable()
        assert [fault.file for fault in error.fields] == ["\\x1b[31mred\\x0a", "\\udcff"]

    def test_links_that_are_left_out_are_fine(self, folder: Path) -> None:
        (folder / "current").symlink_to("dist")
        write_tree(folder, {".gitignore": "current\n"})
        assert len(_pack(folder)[0].files) == len(TREE)

    def test_an_ignore_file_that_is_a_link_is_not_followed(
        self, folder: Path, tmp_path: Path
    ) -> None:
        write_tree(tmp_path, {"elsewhere": "*\n"})
        (folder / ".gitignore").symlink_to(tmp_path / "elsewhere")
        assert len(_pack(folder)[0].files) == len(TREE)

    def test_a_hard_link_is_a_file_like_others(self, folder: Path) -> None:
        os.link(folder / "Z", folder / "same")
        assert len(_pack(folder)[0].files) == len(TREE) + 1


class TestLimits:
    @pytest.mark.parametrize(
        ("limit", "value", "code"),
        [
            ("archive_bytes", 300, "archive-too-large"),
            ("unpacked_bytes", 3000, "archive-unpacked-too-large"),
            ("file_bytes", 2999, "archive-file-too-large"),
            ("entries", 10, "archive-too-many-entries"),
            ("path_bytes", 110, "archive-path-too-long"),
            ("component_bytes", 100, "archive-path-too-long"),
            ("depth", 5, "archive-path-too-deep"),
            ("manifest_bytes", 6, "archive-manifest-too-large"),
            ("header_bytes", 100, "archive-header-too-large"),
            ("headers_bytes", 1000, "archive-header-too-large"),
            ("paths_bytes", 300, "archive-too-many-entries"),
            ("ratio", 2, "archive-bomb"),
        ],
    )
    def test_folders_that_the_reader_would_reject_are_not_packed(
        self, folder: Path, tmp_path: Path, limit: str, value: int, code: str
    ) -> None:
        data = _pack(folder)[1]
        limits = {limit: value, "ratio_from_bytes": 1000}
        _refuse(folder, code, **limits)
        (tmp_path / "p.tar.gz").write_bytes(data)
        with pytest.raises(ArchiveError) as caught:
            load_package(tmp_path / "p.tar.gz", limits=ArchiveLimits(**limits))
        assert caught.value.code == code

    def test_a_folder_far_too_deep(self, tmp_path: Path) -> None:
        deep = "d/" * 40
        error = _refuse(write_tree(tmp_path / "t", {f"{deep}x": "x"}), "archive-path-too-deep")
        assert error.context["allowed"] == 32

    def test_names_that_not_every_system_can_store(self, tmp_path: Path) -> None:
        _refuse(write_tree(tmp_path / "a", {"aux.js": "x"}), "archive-path-unportable")
        _refuse(write_tree(tmp_path / "b", {"a": "x", "A": "x"}), "archive-path-collision")
        _refuse(write_tree(tmp_path / "c", {"a\\b": "x"}), "archive-path-backslash")
        _refuse(write_tree(tmp_path / "d", {"a\nb": "x"}), "archive-path-control-character")
        _refuse(write_tree(tmp_path / "e", {os.fsdecode(b"\xe9"): "x"}), "archive-path-encoding")


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "tree/inner").mkdir(parents=True)
    _refuse(tmp_path / "tree", "archive-no-files")
    _refuse(write_tree(tmp_path / "tree", {".gitignore": "*"}), "archive-no-files")


def test_paths_that_are_not_folders(tmp_path: Path) -> None:
    _refuse(tmp_path / "missing", "pack-failed")
    _refuse(write_tree(tmp_path, {"file": "x"}) / "file", "pack-failed")


class _Sink(io.BytesIO):
    """Does something to the tree once the packing has begun."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act = act

    def write(self, data: Any, /) -> int:
        if not self.tell():
            self._act()
        return super().write(data)


@pytest.mark.parametrize("content", [b"", b"7" * 4000])
def test_a_file_that_changes_meanwhile(folder: Path, content: bytes) -> None:
    file = folder / "docs/größe.md"
    with pytest.raises(ArchiveError) as caught:
        pack_tree(folder, _Sink(lambda: file.write_bytes(content)))
    assert caught.value.code == "pack-changed"
    assert caught.value.context["path"] == "docs/größe.md"


def test_a_file_that_is_deleted_while_packing(folder: Path) -> None:
    with pytest.raises(ArchiveError) as caught:
        pack_tree(folder, _Sink((folder / "a-b").unlink))
    assert caught.value.code == "pack-failed"
    assert caught.value.context["path"] == "a-b"


def test_a_file_that_becomes_a_link_is_not_followed(folder: Path) -> None:
    def swap() -> None:
        (folder / "a-b").unlink()
        (folder / "a-b").symlink_to("/etc/hostname")

    with pytest.raises(ArchiveError) as caught:
        pack_tree(folder, _Sink(swap))
    assert caught.value.code == "pack-failed"
