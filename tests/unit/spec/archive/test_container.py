"""Invalid files around the tar archive: format, damage, and trailing data."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zipfile
import zlib
from pathlib import Path

import pytest

from plugport.spec.archive.errors import ArchiveError
from plugport.spec.archive.reader import load_package
from tests.support.archives import PackageBuilder, Read, Refuse, gzip_bytes

GOOD = PackageBuilder().manifest().file("dist/index.js", bytes(range(256)) * 40)


def build_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        # With a fixed date: the bytes are part of test ids, which all workers must agree on.
        archive.writestr(zipfile.ZipInfo("ar-plugin.yaml"), "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "format_name"),
    [
        (build_zip(), "a zip file"),
        (lzma.compress(GOOD.tar()), "an xz file"),
        (bz2.compress(GOOD.tar()), "a bzip2 file"),
        (b"\x28\xb5\x2f\xfd" + bytes(40), "a zstd file"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(40), "a 7z file"),
        (GOOD.tar(), "a plain tar archive"),
        (b"\n<!DOCTYPE html><title>404</title>", "an HTML or XML page"),
        (b'{"message": "Not Found"}', "a JSON text"),
        (b"\x00", "neither gzip nor any other known format"),
    ],
)
def test_other_formats_are_named(refuse: Refuse, content: bytes, format_name: str) -> None:
    error = refuse(content, "archive-wrong-format")
    assert format_name in error.detail
    assert error.context == {"found": format_name}
    assert error.hint is not None


@pytest.mark.parametrize(
    ("content", "format_name"),
    [
        (build_zip(), "a zip file"),
        (gzip_bytes(GOOD.tar()), "a gzip file"),
        (b"just a text that somebody compressed, long enough to fill a block. " * 9, "else"),
    ],
)
def test_gzip_of_something_else_is_named(refuse: Refuse, content: bytes, format_name: str) -> None:
    content += bytes(-len(content) % 512)
    assert format_name in refuse(gzip_bytes(content), "archive-wrong-format").detail


def test_an_empty_file(refuse: Refuse) -> None:
    refuse(b"", "archive-empty")


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_unreadable_files(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "package.tar.gz"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(ArchiveError) as caught:
        load_package(path)
    assert caught.value.code == "archive-unreadable"


def test_every_truncation_is_detected(refuse: Refuse) -> None:
    data = GOOD.build()
    for end in {1, 2, 5, 10, 11, len(data) // 2, len(data) - 9, len(data) - 1}:
        error = refuse(data[:end], "archive-truncated" if end > 1 else "archive-wrong-format")
        assert error.hint is not None


def test_every_truncation_of_the_tar_archive_is_detected(refuse: Refuse) -> None:
    data = GOOD.tar()
    for end in {0, 100, 512, 600, 1024, len(data) - 1024, len(data) - 512, len(data) - 1}:
        refuse(gzip_bytes(data[:end]), "archive-truncated")


@pytest.mark.parametrize("offset", [-8, -5, -4, -1])
def test_a_wrong_checksum_or_length(refuse: Refuse, offset: int) -> None:
    data = bytearray(GOOD.build())
    data[offset] ^= 0x40
    refuse(bytes(data), "archive-bad-checksum")


def test_damaged_compressed_data(refuse: Refuse) -> None:
    # Block type 3 does not exist.
    refuse(GOOD.build()[:10] + b"\x07" + bytes(30), "archive-corrupt")


def test_reserved_gzip_flags(refuse: Refuse) -> None:
    data = bytearray(GOOD.build())
    data[3] = 0xE0
    refuse(bytes(data), "archive-corrupt")


def test_optional_gzip_fields_are_read_over(read: Read, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "named", "wb") as out:
        out.write(GOOD.tar())
    assert len(read((tmp_path / "named").read_bytes()).files) == 2


@pytest.mark.parametrize("rest", [b"garbage\x1b[31m", b"\x00" * 600, b"\x00"])
def test_bytes_after_the_gzip_stream(refuse: Refuse, rest: bytes) -> None:
    error = refuse(GOOD.build() + rest, "archive-trailing-data")
    assert "\x1b" not in str(error)


def test_bytes_after_the_gzip_stream_beyond_the_first_chunk(refuse: Refuse) -> None:
    big = PackageBuilder().file("noise", os.urandom(70_000))
    data = gzip_bytes(big.tar(), level=0)
    # The stream ends where one chunk of input ends, so that the rest comes with the next.
    refuse(data + b"x", "archive-trailing-data")


def test_a_second_gzip_stream(refuse: Refuse) -> None:
    refuse(GOOD.build() + GOOD.build(), "archive-several-streams")
    # One tar archive cut in two streams is a whole one for some tools only.
    tar = GOOD.tar()
    refuse(gzip_bytes(tar[:700]) + gzip_bytes(tar[700:]), "archive-several-streams")


def test_data_after_the_end_of_the_tar_archive(refuse: Refuse) -> None:
    hidden = PackageBuilder({"evil.js": "x"}).tar()
    refuse(GOOD.build(end=bytes(1024) + hidden), "archive-trailing-data")
    refuse(GOOD.build(end=bytes(512) + hidden), "archive-trailing-data")
    refuse(GOOD.build(end=bytes(1024) + b"\x01"), "archive-trailing-data")
    refuse(GOOD.build(end=bytes(2 << 20)), "archive-trailing-data")


def test_an_archive_without_files(refuse: Refuse) -> None:
    refuse(PackageBuilder(), "archive-no-files")
    refuse(PackageBuilder().folder("./").folder("a/"), "archive-no-files")


def test_a_preset_dictionary_or_raw_stream_is_no_gzip(refuse: Refuse) -> None:
    refuse(zlib.compress(GOOD.tar()), "archive-wrong-format")
