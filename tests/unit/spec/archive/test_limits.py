"""Every limit of `ArchiveLimits`: the largest accepted size, and the first rejected one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from msgspec.structs import fields

from plugport.spec.archive.model import ArchiveLimits
from tests.support.archives import (
    PackageBuilder,
    Read,
    Refuse,
    build_extended_header,
    load_tree,
)

TWO_FILES = PackageBuilder({"a": b"x" * 600, "b": b"y" * 400})


@pytest.mark.parametrize(
    ("limit", "last", "code"),
    [
        ("archive_bytes", len(TWO_FILES.build()), "archive-too-large"),
        ("unpacked_bytes", 1000, "archive-unpacked-too-large"),
        ("file_bytes", 600, "archive-file-too-large"),
        ("entries", 2, "archive-too-many-entries"),
        ("paths_bytes", 2, "archive-too-many-entries"),
    ],
)
def test_sizes_and_counts(read: Read, refuse: Refuse, limit: str, last: int, code: str) -> None:
    assert len(read(TWO_FILES, **{limit: last}).files) == 2
    error = refuse(TWO_FILES, code, **{limit: last - 1})
    assert str(last - 1) in error.detail


@pytest.mark.parametrize(
    ("limit", "last", "name", "code"),
    [
        ("path_bytes", 9, "über/eins", "archive-path-too-long"),
        ("component_bytes", 5, "über/ein", "archive-path-too-long"),
        ("depth", 3, "a/b/c", "archive-path-too-deep"),
    ],
)
def test_names(read: Read, refuse: Refuse, limit: str, last: int, name: str, code: str) -> None:
    last += limit == "path_bytes"
    source = PackageBuilder({name: "x"})
    assert read(source, **{limit: last}).files[0].path == name
    error = refuse(source, code, **{limit: last - 1})
    assert error.context == {"path": name, "found": last, "allowed": last - 1}


def test_folders_count_as_entries_listed_or_not(read: Read, refuse: Refuse) -> None:
    source = PackageBuilder({"a/b/c": "x", "a/b/d": "x"})
    assert len(read(source, entries=4).files) == 2
    refuse(source, "archive-too-many-entries", entries=3)
    listed = PackageBuilder().folder("a/").folder("a/b/").file("a/b/c").file("a/b/d")
    assert len(read(listed, entries=4).files) == 2
    refuse(listed, "archive-too-many-entries", entries=3)


def test_one_extended_header(read: Read, refuse: Refuse) -> None:
    source = PackageBuilder().raw(build_extended_header(b"x", b"9 path=a\n")).file("x")
    assert read(source, header_bytes=9).files[0].path == "a"
    refuse(source, "archive-header-too-large", header_bytes=8)


def test_all_extended_headers_together(read: Read, refuse: Refuse) -> None:
    source = PackageBuilder()
    for name in "abc":
        source.pax({"path": name}).file("x")
    assert len(read(source, headers_bytes=3 * 521).files) == 3
    refuse(source, "archive-header-too-large", headers_bytes=3 * 521 - 1)


def test_global_headers_count_too(refuse: Refuse) -> None:
    source = PackageBuilder()
    for _number in range(100):
        source.pax({"comment": "x"}, kind=b"g")
    refuse(source.file("a"), "archive-header-too-large", headers_bytes=10_000)


class TestRatio:
    def test_a_bomb_is_refused_before_it_is_written(self, refuse: Refuse, tmp_path: Path) -> None:
        (tree := tmp_path / "tree").mkdir()
        source = PackageBuilder({"zeros": bytes(1 << 20)})
        error = refuse(source, "archive-bomb", ratio_from_bytes=1000, tree=tree)
        assert "200 times" in error.detail
        assert load_tree(tree) == {}

    def test_small_content_may_compress_well(self, read: Read) -> None:
        assert read(PackageBuilder({"zeros": bytes(1 << 20)})).unpacked_bytes == 1 << 20

    def test_the_ratio_is_of_the_whole_archive(self, read: Read) -> None:
        noise = random.Random(1).randbytes(20_000)
        source = PackageBuilder({"zeros": bytes(1 << 20), "noise": noise})
        assert len(read(source, ratio_from_bytes=1000).files) == 2

    def test_headers_can_be_a_bomb(self, refuse: Refuse) -> None:
        source = PackageBuilder()
        for number in range(3000):
            source.folder(f"{number}/")
        refuse(source, "archive-bomb", ratio_from_bytes=10_000, ratio=20)

    def test_zeros_at_the_end_can_be_a_bomb(self, refuse: Refuse) -> None:
        data = PackageBuilder({"a": "x"}).build(end=bytes(1 << 20))
        refuse(data, "archive-bomb", ratio_from_bytes=10_000)


def test_a_file_cannot_claim_more_than_there_is(refuse: Refuse) -> None:
    refuse(PackageBuilder().file("a", "x", size=100_000), "archive-truncated")
    refuse(
        PackageBuilder().file("a", size=b"\x80" + (1 << 62).to_bytes(11, "big")),
        "archive-file-too-large",
    )


def test_every_limit_is_a_positive_number() -> None:
    limits = ArchiveLimits()
    assert all(getattr(limits, field.name) > 0 for field in fields(limits))
