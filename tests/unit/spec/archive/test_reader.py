"""The contents of valid packages, from any tool."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from plugport.spec.archive.errors import UnpackFailedError, UnpackTargetError
from plugport.spec.archive.model import Package
from plugport.spec.archive.reader import load_package
from plugport.spec.manifest.detection import MANIFEST_PATTERNS
from tests.support.archives import (
    PackageBuilder,
    Read,
    Refuse,
    gzip_bytes,
    load_tree,
    write_tree,
)


def _paths(package: Package) -> list[str]:
    return [entry.path for entry in package.files]


def test_files_have_their_size_and_digest(read: Read) -> None:
    package = read(PackageBuilder().manifest().file("dist/index.js", "x" * 1000))
    entry = package.find_file("dist/index.js")
    assert entry is not None
    assert entry.size_bytes == 1000
    assert entry.sha256.hex == hashlib.sha256(b"x" * 1000).hexdigest()
    assert package.unpacked_bytes == sum(file.size_bytes for file in package.files)
    assert package.find_file("dist") is None


def test_an_empty_file_is_a_file(read: Read) -> None:
    package = read(PackageBuilder({"a": b"", "b": b"1"}))
    assert [entry.size_bytes for entry in package.files] == [0, 1]
    assert package.files[0].sha256.hex == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("mode", [0o755, 0o4755, 0o7777, 0o100])
def test_only_the_owners_execute_bit_counts(read: Read, tmp_path: Path, mode: int) -> None:
    (tree := tmp_path / "tree").mkdir()
    package = read(PackageBuilder().file("tool", "x", mode=mode).file("plain", "x"), tree=tree)
    assert [entry.executable for entry in package.files] == [True, False]
    assert (tree / "tool").stat().st_mode & 0o7777 == 0o755
    assert (tree / "plain").stat().st_mode & 0o7777 == 0o644


def test_modes_do_not_depend_on_the_umask(read: Read, tmp_path: Path) -> None:
    (tree := tmp_path / "tree").mkdir()
    before = os.umask(0o077)
    try:
        read(PackageBuilder().file("bin/tool", "x", mode=0o755), tree=tree)
    finally:
        os.umask(before)
    assert (tree / "bin").stat().st_mode & 0o7777 == 0o755
    assert (tree / "bin/tool").stat().st_mode & 0o7777 == 0o755


def test_write_bits_of_others_are_dropped(read: Read, tmp_path: Path) -> None:
    (tree := tmp_path / "tree").mkdir()
    read(PackageBuilder().folder("d/", mode=0o7777).file("d/f", "x", mode=0o666), tree=tree)
    assert (tree / "d").stat().st_mode & 0o7777 == 0o755
    assert (tree / "d/f").stat().st_mode & 0o7777 == 0o644


class TestRoot:
    def test_one_top_folder_with_a_manifest_is_stripped(self, read: Read, tmp_path: Path) -> None:
        (tree := tmp_path / "tree").mkdir()
        builder = PackageBuilder().folder("package/").manifest("package/")
        package = read(builder.file("package/src/a.js", "1"), tree=tree)
        assert package.root == "package"
        assert _paths(package) == ["ar-plugin.yaml", "src/a.js"]
        assert list(package.texts) == ["ar-plugin.yaml"]
        assert sorted(load_tree(tree)) == ["ar-plugin.yaml", "src/a.js"]

    def test_the_top_folder_may_hold_its_own_name(self, read: Read, tmp_path: Path) -> None:
        (tree := tmp_path / "tree").mkdir()
        builder = PackageBuilder().manifest("p/").file("p/p", "a file").file("p/q/p", "deeper")
        assert read(builder, tree=tree).root == "p"
        assert load_tree(tree)["p"] == b"a file"
        assert load_tree(tree)["q/p"] == b"deeper"

    def test_a_manifest_at_the_root_wins(self, read: Read) -> None:
        package = read(PackageBuilder({".claude-plugin/plugin.json": "{}"}))
        assert package.root == ""
        assert package.texts == {".claude-plugin/plugin.json": b"{}"}

    @pytest.mark.parametrize("other", ["other/x", "x", "packages/ar-plugin.yaml"])
    def test_two_things_at_the_top_strip_nothing(self, read: Read, other: str) -> None:
        package = read(PackageBuilder().manifest("package/").file(other, "x"))
        assert package.root == ""
        assert package.texts == {}

    def test_a_folder_without_manifest_is_not_stripped(self, read: Read) -> None:
        package = read(PackageBuilder({"package/README.md": "x"}))
        assert (package.root, _paths(package)) == ("", ["package/README.md"])

    def test_only_one_level_is_stripped(self, read: Read) -> None:
        assert read(PackageBuilder().manifest("a/b/")).root == ""

    def test_a_folder_with_a_manifests_name_is_refused(self, refuse: Refuse) -> None:
        refuse(PackageBuilder({"plugin.json/x": "x"}), "archive-manifest-not-file")
        nested = PackageBuilder().folder("top/package.json/").file("top/index.ts", "x")
        refuse(nested, "archive-manifest-not-file")


class TestTexts:
    def test_manifests_and_what_a_page_shows_are_kept(self, read: Read) -> None:
        retained_texts = {
            "ar-plugin.yaml": b"a",
            "my.node.onex.yaml": b"b",
            "README.md": b"c",
            "readme.txt": b"d",
            "CHANGELOG": b"e",
            "LICENSE-MIT": b"f",
            "LICENCE": b"g",
            "COPYING": b"h",
            "NOTICE.txt": b"i",
            "LICENSES/MIT.txt": b"j",
            "manifest.json": b"k",
            "hooks/hooks.json": b"l",
            ".mcp.json": b"m",
        }
        others = {"docs/README.md": b"", "src/plugin.json": b"", "a.js": b"", "READMEs.md": b""}
        assert read(PackageBuilder(retained_texts | others)).texts == retained_texts

    def test_every_manifest_that_can_be_found_is_kept(self, read: Read) -> None:
        for pattern, _dialect in MANIFEST_PATTERNS:
            path = pattern.replace("*", "some.node")
            assert list(read(PackageBuilder({path: "x"})).texts) == [path]
            assert read(PackageBuilder({f"top/{path}": "x"})).root == "top"

    def test_a_large_text_is_left_out_and_its_file_stays(self, read: Read) -> None:
        package = read(PackageBuilder().manifest().file("README.md", "x" * 101), text_bytes=100)
        assert list(package.texts) == ["ar-plugin.yaml"]
        assert package.find_file("README.md") is not None

    def test_texts_are_bounded_together(self, read: Read) -> None:
        many = {f"README.{number}": b"x" * 100 for number in range(20)}
        package = read(PackageBuilder(many).manifest(), texts_bytes=1000)
        assert len(package.texts) == 11
        assert "ar-plugin.yaml" in package.texts

    def test_manifests_do_not_compete_with_a_stripped_folder(self, read: Read) -> None:
        big = {"docs/package.json": b"x" * 200, "plugport.yaml": b"x"}
        assert list(read(PackageBuilder(big), manifest_bytes=100).texts) == ["plugport.yaml"]

    def test_a_large_manifest_is_refused(self, refuse: Refuse) -> None:
        for folder in ("", "package/"):
            source = PackageBuilder().file(f"{folder}package.json", "x" * 101)
            error = refuse(source, "archive-manifest-too-large", manifest_bytes=100)
            assert "`package.json` has 101 bytes; the limit for a manifest is 100" in error.detail
            assert error.context == {"path": "package.json", "found": 101, "allowed": 100}

    def test_many_manifests_are_bounded_together(self, refuse: Refuse) -> None:
        many = PackageBuilder({f"{number}.onex.yaml": "x" * 100 for number in range(20)})
        refuse(many, "archive-manifest-too-large", manifest_bytes=100, texts_bytes=1000)


class TestOtherTools:
    """Packages of common tools are read as intended."""

    @pytest.mark.parametrize("form", ["ustar", "pax", "gnu"])
    def test_gnu_tar(self, tmp_path: Path, form: str) -> None:
        deep = "/".join(["folder-with-a-long-name"] * 8) + "/файл.txt"
        files = {"plugport.yaml": b"x", "dist/index.js": b"1" * 5000, "ü.md": b"2"}
        if form != "ustar":
            files[deep] = b"3"
        write_tree(tmp_path / "tree", files)
        archive = tmp_path / "p.tar.gz"
        command = ["tar", f"--format={form}", "-czf", archive, "-C", tmp_path / "tree", "."]
        subprocess.run(command, check=True)
        package = load_package(archive)
        assert {entry.path: entry.size_bytes for entry in package.files} == {
            path: len(content) for path, content in files.items()
        }

    @pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
    def test_pythons_tarfile(self, read: Read, form: int) -> None:
        out = io.BytesIO()
        name = "d" * 90 + "/" + "f" * 90
        with tarfile.open(fileobj=out, mode="w", format=form) as archive:
            member = tarfile.TarInfo(name)
            member.size, member.mtime = 5, 1700000000.5 if form == tarfile.PAX_FORMAT else 1
            archive.addfile(member, io.BytesIO(b"12345"))
        package = read(gzip_bytes(out.getvalue()))
        assert [(entry.path, entry.size_bytes) for entry in package.files] == [(name, 5)]

    def test_a_forges_archive_with_a_global_comment(self, read: Read) -> None:
        builder = PackageBuilder().pax({"comment": "6c3f" * 10}, kind=b"g").folder("repo-1.0.0/")
        assert read(builder.manifest("repo-1.0.0/")).root == "repo-1.0.0"

    def test_extended_attributes_and_times_are_read_over(self, read: Read) -> None:
        records = {"mtime": "1.5", "uid": "99", "SCHILY.xattr.user.x": b"\x00\xff", "path": "a.js"}
        package = read(PackageBuilder().pax(records).file("short", "x"))
        assert _paths(package) == ["a.js"]

    def test_a_large_last_record(self, read: Read) -> None:
        data = PackageBuilder().manifest().build(end=bytes(10240 * 20))
        assert _paths(read(data)) == ["ar-plugin.yaml"]

    def test_spaces_in_number_fields(self, read: Read) -> None:
        builder = PackageBuilder().file("a", "x", size=b"         1 \0", mode=b"   755 \0")
        assert [(e.size_bytes, e.executable) for e in read(builder).files] == [(1, True)]


class TestTree:
    def test_an_invalid_package_writes_no_file(self, refuse: Refuse, tmp_path: Path) -> None:
        (tree := tmp_path / "tree").mkdir()
        tree.chmod(0o555)
        before = tree.stat().st_mtime_ns
        good = PackageBuilder().manifest().file("a/b/c", "x").folder("empty/")
        refuse(good.link("z", "/etc/passwd"), "archive-link", tree=tree)
        assert tree.stat().st_mtime_ns == before

    def test_the_tree_is_empty_after_a_disk_error(self, read: Read, tmp_path: Path) -> None:
        (tree := tmp_path / "tree").mkdir()
        # Within these limits, but more than file systems take.
        source = PackageBuilder().manifest().file("a/b/c", "x").pax({"path": "n" * 300}).file("n")
        with pytest.raises(UnpackFailedError) as caught:
            read(source, tree=tree, component_bytes=300)
        assert caught.value.detail.startswith("`nnn")
        assert list(tree.iterdir()) == []

    def test_a_tree_that_is_not_empty_is_refused(self, read: Read, tmp_path: Path) -> None:
        write_tree(tmp_path / "tree", {"mine.txt": "keep"})
        with pytest.raises(UnpackTargetError):
            read(PackageBuilder().manifest(), tree=tmp_path / "tree")
        assert load_tree(tmp_path / "tree") == {"mine.txt": b"keep"}

    def test_a_tree_that_is_missing_or_a_link_is_an_error(self, read: Read, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to("real")
        for name in ("missing", "link"):
            with pytest.raises(UnpackFailedError):
                read(PackageBuilder().manifest(), tree=tmp_path / name)
        assert list((tmp_path / "real").iterdir()) == []

    def test_files_in_any_order_share_their_folders(self, read: Read, tmp_path: Path) -> None:
        (tree := tmp_path / "tree").mkdir()
        files = {"a/b/1": b"1", "c/2": b"2", "a/3": b"3", "a/b/4": b"4", "5": b"5", "a/b/d/6": b"6"}
        read(PackageBuilder(files), tree=tree)
        assert load_tree(tree) == files
