"""Tar headers that are false, inconsistent, or describe members that packages must not contain."""

from __future__ import annotations

import io
import tarfile

import pytest

from plugport.spec.archive.errors import LinkError, MemberError
from tests.support.archives import (
    PackageBuilder,
    Read,
    Refuse,
    build_extended_header,
    build_tar_header,
    pad_block,
)

GNU = b"ustar  \x00"


def test_a_wrong_header_checksum(refuse: Refuse) -> None:
    for checksum in (b"000001\0 ", b"\0" * 8):
        source = PackageBuilder().file("a", checksum=checksum)
        refuse(source, "archive-bad-header-checksum")
    damaged = bytearray(PackageBuilder({"a": "x", "b": "y"}).tar())
    damaged[1024] ^= 1
    refuse(PackageBuilder().raw(bytes(damaged)), "archive-bad-header-checksum")


def test_errors_have_the_position_of_the_header(refuse: Refuse) -> None:
    source = PackageBuilder({"a": "x"}).file("b", checksum=b"000001\0 ")
    assert "at byte 1024" in refuse(source, "archive-bad-header-checksum").detail


@pytest.mark.parametrize("magic", [b"\0" * 8, b"ustar\x0001", b"tar     "])
def test_a_second_header_without_the_mark(refuse: Refuse, magic: bytes) -> None:
    refuse(PackageBuilder({"a": "x"}).file("b", magic=magic), "archive-bad-header")


@pytest.mark.parametrize(
    "size",
    [b"-0000000001\0", b"00000000x01\0", b"0000000 001\0", b"\xff" * 12, b"\x81" + bytes(11)],
)
def test_sizes_that_are_no_numbers(refuse: Refuse, size: bytes) -> None:
    refuse(PackageBuilder().file("a", size=size), "archive-bad-header")


@pytest.mark.parametrize("position", [108, 116, 136, 329, 337])
def test_unused_number_fields_must_be_numbers_too(refuse: Refuse, position: int) -> None:
    """Some readers see the end of the archive there, and would miss the files that follow."""
    for broken in (b"x", b"\x81", b"0 0", b"0\x001"):
        header = bytearray(build_tar_header(b"a"))
        header[position : position + len(broken)] = broken
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        source = PackageBuilder().raw(bytes(header)).file("hidden.js", "x")
        refuse(source, "archive-bad-header")


def test_gnus_format_with_a_prefix_is_ambiguous(refuse: Refuse) -> None:
    refuse(PackageBuilder().file("a", magic=GNU, prefix=b"times"), "archive-bad-header")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (b"1", "archive-link"),
        (b"2", "archive-link"),
        (b"3", "archive-device"),
        (b"4", "archive-device"),
        (b"6", "archive-fifo"),
        (b"S", "archive-sparse"),
        (b"7", "archive-member-kind"),
        (b"V", "archive-member-kind"),
        (b"D", "archive-member-kind"),
        (b"\x1b", "archive-member-kind"),
    ],
)
def test_members_that_are_neither_file_nor_folder(refuse: Refuse, kind: bytes, code: str) -> None:
    error = refuse(PackageBuilder({"a": "x"}).file("the/odd", kind=kind), code)
    assert isinstance(error, MemberError)
    assert error.context["path"] == "the/odd"
    assert "\x1b" not in str(error)


@pytest.mark.parametrize("target", ["../../etc/passwd", "/etc/passwd", "a", ""])
@pytest.mark.parametrize("hard", [True, False])
def test_links_are_refused_wherever_they_point(refuse: Refuse, target: str, *, hard: bool) -> None:
    error = refuse(PackageBuilder({"a": "x"}).link("b", target, hard=hard), "archive-link")
    assert isinstance(error, LinkError)
    assert target in error.detail


def test_a_links_long_target_is_named(refuse: Refuse) -> None:
    source = PackageBuilder().pax({"linkpath": "/target"}).link("b", "")
    assert "`/target`" in refuse(source, "archive-link").detail
    long_link = PackageBuilder().raw(build_extended_header(b"K", b"t" * 200 + b"\0"))
    refuse(long_link.link("b", "x"), "archive-link")


def test_a_folder_with_content_is_ambiguous(refuse: Refuse) -> None:
    refuse(PackageBuilder().folder("d/", size=512).raw(bytes(512)), "archive-bad-header")


class TestExtendedHeaders:
    def test_a_pax_path_replaces_the_name(self, read: Read) -> None:
        package = read(PackageBuilder().pax({"path": "ü" * 60 + ".md"}).file("short", "x"))
        assert package.files[0].path == "ü" * 60 + ".md"

    def test_a_pax_path_counts_for_one_member_only(self, read: Read) -> None:
        package = read(PackageBuilder().pax({"path": "a"}).file("x", "").file("b", ""))
        assert [entry.path for entry in package.files] == ["a", "b"]

    def test_a_gnu_long_name(self, read: Read) -> None:
        long_name = "/".join(["folder"] * 20)
        header = build_extended_header(b"L", long_name.encode() + b"\0")
        package = read(PackageBuilder().raw(header).file("short", "x", magic=GNU))
        assert package.files[0].path == long_name

    @pytest.mark.parametrize("size", ["2", "1000000000000"])
    def test_a_pax_size_that_differs(self, refuse: Refuse, size: str) -> None:
        refuse(PackageBuilder().pax({"size": size}).file("a", "x"), "archive-bad-header")

    def test_a_pax_size_that_agrees(self, read: Read) -> None:
        package = read(PackageBuilder().pax({"size": "1"}).file("a", "x").file("b", "y"))
        assert [entry.size_bytes for entry in package.files] == [1, 1]

    def test_a_pax_size_for_a_field_that_is_too_short(self, read: Read, refuse: Refuse) -> None:
        body = pad_block(b"x" * 700)
        large = PackageBuilder().pax({"size": "700"}).raw(build_tar_header(b"a") + body)
        assert read(large).files[0].size_bytes == 700
        huge = PackageBuilder().pax({"size": str(1 << 60)}).file("a", "")
        refuse(huge, "archive-file-too-large")

    @pytest.mark.parametrize(
        "body",
        [
            b"no records at all",
            b"8 path=a",
            b"99 path=a\n",
            b"0 path=a\n",
            b"2 path=a\n",
            b" path=a\n",
            b"-9 path=a\n",
            b"9999999999999999999999999999999 path=a\n",
            b"9 path a\n",
            b"6 =ab\n",
            b"10 path=a\n\n9 path=b\n",
            b"9 path=a\n9 path=b\n",
            b"9 path=a\n\0\0\0",
            b"9 size=x\n",
            b"25 size=" + b"9" * 16 + b"\n",
            b"29 size=" + b"9" * 20 + b"\n",
        ],
    )
    def test_broken_pax_records(self, refuse: Refuse, body: bytes) -> None:
        source = PackageBuilder().raw(build_extended_header(b"x", body)).file("a", "x")
        refuse(source, "archive-bad-header")

    @pytest.mark.parametrize("body", [b"", b"\0", b"a\0b\0", b"a"])
    def test_broken_long_names(self, refuse: Refuse, body: bytes) -> None:
        source = PackageBuilder().raw(build_extended_header(b"L", body)).file("a", "x")
        refuse(source, "archive-bad-header")

    def test_two_names_for_one_member(self, refuse: Refuse) -> None:
        long_name = build_extended_header(b"L", b"good\0")
        source = PackageBuilder().pax({"path": "evil"}).raw(long_name).file("a", "x")
        refuse(source, "archive-bad-header")

    @pytest.mark.parametrize("kind", [b"x", b"L", b"K"])
    def test_the_same_header_twice(self, refuse: Refuse, kind: bytes) -> None:
        header = build_extended_header(kind, b"9 path=a\n" if kind == b"x" else b"a\0")
        refuse(PackageBuilder().raw(header * 2).file("a", "x"), "archive-bad-header")

    def test_headers_without_a_member(self, refuse: Refuse) -> None:
        refuse(PackageBuilder({"a": "x"}).pax({"path": "b"}), "archive-bad-header")

    @pytest.mark.parametrize("key", ["path", "size", "linkpath"])
    def test_a_global_header_may_not_name_members(self, refuse: Refuse, key: str) -> None:
        source = PackageBuilder().pax({key: "1"}, kind=b"g").file("a", "x")
        refuse(source, "archive-bad-header")

    def test_sparse_files_of_pax(self, refuse: Refuse) -> None:
        records = {"GNU.sparse.major": "1", "GNU.sparse.realsize": str(10 << 40)}
        refuse(PackageBuilder().pax(records).file("a", "x"), "archive-sparse")


def test_accepted_archives_read_the_same_with_tarfile(read: Read) -> None:
    """The standard library reads the same names and contents from every accepted archive."""
    builder = PackageBuilder({"a": "1", "b/c": "22"}).folder("d/").pax({"path": "e"}).file("x", "3")
    with tarfile.open(fileobj=io.BytesIO(builder.build())) as archive:
        theirs = {member.name: member.size for member in archive if member.isfile()}
    assert {entry.path: entry.size_bytes for entry in read(builder).files} == theirs
