"""Properties of every input: hostile bytes raise only `ArchiveError`, and no file is lost."""

from __future__ import annotations

import contextlib
import io
import os
import random
import tarfile
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.archive.errors import ArchiveError
from plugport.spec.archive.model import Package
from plugport.spec.archive.packer import pack_tree
from plugport.spec.archive.reader import load_package
from tests.support.archives import (
    PackageBuilder,
    build_extended_header,
    build_tar_header,
    gzip_bytes,
    load_tree,
    pad_block,
    write_tree,
)
from tests.support.examples import try_examples

bounded = try_examples(60)
# Trees are written to a disk, which takes its time.
fewer = try_examples(25)

GOOD = (
    PackageBuilder()
    .folder("./")
    .manifest()
    .pax({"path": "docs/größe.md", "mtime": "1.5"})
    .file("docs/x", "text" * 300)
    .raw(build_extended_header(b"L", b"long-name\0"))
    .file("dist/index.js", b"\0" * 2000, mode=0o755)
)


def _read_or_refuse(data: bytes) -> Package | None:
    """Read the bytes as a package, or get an `ArchiveError`; no files are left in either case."""
    with tempfile.TemporaryDirectory() as name:
        archive, tree = Path(name, "p.tar.gz"), Path(name, "tree")
        archive.write_bytes(data)
        tree.mkdir()
        package = None
        with contextlib.suppress(ArchiveError):
            package = load_package(archive, tree=tree)
        expected = {} if package is None else {file.path: file.size_bytes for file in package.files}
        assert {path: len(content) for path, content in load_tree(tree).items()} == expected
        assert {path.name for path in Path(name).iterdir()} == {"p.tar.gz", "tree"}
        return package


@given(st.binary(max_size=600))
@bounded
def test_random_bytes(data: bytes) -> None:
    _read_or_refuse(data)
    _read_or_refuse(b"\x1f\x8b\x08\x00" + data)
    _read_or_refuse(gzip_bytes(data))


@given(st.data())
@bounded
def test_damage_to_the_gzip_stream(data: st.DataObject) -> None:
    damaged = _damage(data, bytearray(GOOD.build()))
    package = _read_or_refuse(damaged)
    # The checksum detects damage outside the header, which has no relevant field.
    if package is not None:
        assert package == _read_or_refuse(GOOD.build())


@given(st.data())
@bounded
def test_damage_to_the_tar_archive(data: st.DataObject) -> None:
    _read_or_refuse(gzip_bytes(_damage(data, bytearray(GOOD.tar()))))


def _damage(data: st.DataObject, content: bytearray) -> bytes:
    for _change in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    return bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])


# The fields of a header: name, mode, owner, size, time, type, magic, device, prefix.
_fields = st.sampled_from([0, 1, 2, 100, 106, 108, 124, 130, 135, 136, 156, 257, 263, 329, 345])
_bytes = st.sampled_from([0, 0x20, 0x2E, 0x2F, 0x30, 0x31, 0x35, 0x37, 0x4C, 0x78, 0x80, 0xFF])


@given(st.lists(st.tuples(st.integers(0, 20), _fields, _bytes), min_size=1, max_size=3))
@bounded
def test_what_is_taken_is_the_same_for_other_readers(changes: list[tuple[int, int, int]]) -> None:
    """False headers with a valid checksum: rejected, or read the same as by other readers."""
    content = bytearray(GOOD.tar())
    headers = [at for at in range(0, len(content), 512) if content[at + 257 :][:5] == b"ustar"]
    for number, field, value in changes:
        header = headers[number % len(headers)]
        content[header + field] = value
        content[header + 148 : header + 156] = b" " * 8
        total = sum(content[header : header + 512])
        content[header + 148 : header + 156] = b"%06o\0 " % total
    package = _read_or_refuse(gzip_bytes(bytes(content)))
    if package is not None:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            theirs = {m.name.removeprefix("./"): m.size for m in archive if m.isfile()}
        assert {entry.path: entry.size_bytes for entry in package.files} == theirs


# Fields of a header that are near enough to good ones to get beyond the first check.
_names = st.one_of(
    st.sampled_from([b"a", b"a/b", b"./a", b"../a", b"/a", b"a/", b"./", b".", b"A", b"nul"]),
    st.binary(max_size=20),
)
_kinds = st.sampled_from([b"0", b"\0", b"5", b"x", b"g", b"L", b"K", b"1", b"2", b"S", b"7"])
_magics = st.sampled_from([b"ustar\x0000", b"ustar  \0"])
_sizes = st.one_of(st.sampled_from([0, 1, 512, 513, 1 << 62]), st.binary(min_size=12, max_size=12))
_bodies = st.one_of(
    st.sampled_from([b"", b"9 path=a\n", b"13 path=../a\n", b"9 size=5\n", b"name\0"]),
    st.binary(max_size=600),
)


@given(st.lists(st.tuples(_names, _kinds, _magics, _sizes, _names, _bodies), max_size=6))
@bounded
def test_members_that_claim_anything(
    members: list[tuple[bytes, bytes, bytes, int | bytes, bytes, bytes]],
) -> None:
    builder = PackageBuilder()
    for name, kind, magic, size, prefix, body in members:
        header = build_tar_header(name, kind=kind, magic=magic, size=size, prefix=prefix)
        builder.raw(header + pad_block(body))
    _read_or_refuse(builder.build())


@given(st.lists(st.tuples(_names, _kinds, _bodies), max_size=8))
@bounded
def test_members_whose_size_is_true(members: list[tuple[bytes, bytes, bytes]]) -> None:
    builder = PackageBuilder()
    for name, kind, body in members:
        builder.file(name, body, kind=kind)
    _read_or_refuse(builder.build())


_parts = st.sampled_from(
    [
        "a",
        "b-c",
        "größe",
        "日本",
        "😀",
        "with space",
        "x.js",
        "Upper",
        "n" * 120,
        "~",
        "-rf",
        "[id]",
    ]
)
_paths = st.lists(_parts, min_size=1, max_size=5).map("/".join)
_trees = st.dictionaries(_paths, st.tuples(st.binary(max_size=1500), st.booleans()), max_size=12)


def _drop_conflicts(
    tree: dict[str, tuple[bytes, bool]],
) -> dict[str, tuple[bytes, bool]]:
    """Leave out files that would have to be folders too."""
    return {
        path: value
        for path, value in tree.items()
        if not any(other.startswith(f"{path}/") for other in tree)
    }


def _write(folder: Path, tree: dict[str, tuple[bytes, bool]]) -> Path:
    write_tree(folder, {path: content for path, (content, _executable) in tree.items()})
    for path, (_content, executable) in tree.items():
        (folder / path).chmod(0o700 if executable else 0o600)
    return folder


@given(_trees.map(_drop_conflicts).filter(bool))
@fewer
def test_every_tree_packs_and_reads_back(tree: dict[str, tuple[bytes, bool]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, archive, again = (Path(name, part) for part in ("folder", "p.tar.gz", "again"))
        with archive.open("wb") as out:
            report = pack_tree(_write(folder, tree), out)
        again.mkdir()
        package = load_package(archive, tree=again)
        assert package.files == report.files
        assert {file.path: file.executable for file in package.files} == {
            path: executable for path, (_content, executable) in tree.items()
        }
        assert load_tree(again) == {path: content for path, (content, _) in tree.items()}


@given(_trees.map(_drop_conflicts).filter(bool), st.integers(0, 2**32), st.integers(0, 0o77))
@fewer
def test_order_times_and_umask_change_nothing(
    tree: dict[str, tuple[bytes, bool]], seed: int, umask: int
) -> None:
    shuffled = list(tree.items())
    random.Random(seed).shuffle(shuffled)
    with tempfile.TemporaryDirectory() as name:
        first = _write(Path(name, "first"), tree)
        before = os.umask(umask)
        try:
            second = _write(Path(name, "second"), dict(shuffled))
        finally:
            os.umask(before)
        for path in second.rglob("*"):
            os.utime(path, (seed, seed))
        assert _pack(first) == _pack(second)


def _pack(folder: Path) -> bytes:
    out = io.BytesIO()
    pack_tree(folder, out)
    return out.getvalue()


_any_name = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=12)


@given(st.lists(_any_name.filter(lambda name: name not in {".", ".."}), max_size=4))
@fewer
def test_a_folder_of_any_names_is_refused_or_reads_back(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = write_tree(Path(name, "folder"), dict.fromkeys(names, "x"))
        try:
            data = _pack(folder)
        except ArchiveError:
            return
        package = _read_or_refuse(data)
        assert package is not None
        assert package.unpacked_bytes == len(package.files)
