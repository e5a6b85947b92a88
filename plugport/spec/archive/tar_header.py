"""Parse a 512-byte tar header strictly.

POSIX.1-2017, `pax` utility, "ustar Interchange Format", plus the magic and base-256 numbers of GNU
tar. Headers that tools interpret differently are refused: a package must have the same content for
every tool that unpacks it.
"""

from __future__ import annotations

import re

from msgspec import Struct

from plugport.spec.archive.errors import HeaderChecksumError, HeaderError, WrongFormatError
from plugport.spec.archive.file_type import find_format_name

BLOCK_BYTES = 512
ZERO_BLOCK = bytes(BLOCK_BYTES)
_POSIX_MAGIC = b"ustar\x0000"
_GNU_MAGIC = b"ustar  \x00"
_OCTAL_DIGITS = frozenset(b"01234567")
# Owner, group, time and device are unused, but some readers treat a header with an invalid value as
# the end of the archive and would see fewer files.
_UNUSED_NUMBERS = tuple(map(slice, (108, 116, 136, 329, 337), (116, 124, 148, 337, 345)))
_NUMBER = re.compile(rb" *[0-7]*[ \x00]*|[\x80\xff].*", re.DOTALL)


class TarHeader(Struct, frozen=True):
    """The unchecked fields of a header. `kind` is the type flag, `size_bytes` the body size."""

    name: bytes
    kind: bytes
    size_bytes: int
    mode: int
    link: bytes


def parse_header(block: bytes, position: int) -> TarHeader:
    """Parse the header block at byte `position` of the tar archive.

    Raises `HeaderError`, `HeaderChecksumError`, or `WrongFormatError` if the first block is not a
    tar header.
    """
    magic = block[257:265]
    if magic not in (_POSIX_MAGIC, _GNU_MAGIC):
        raise _build_magic_error(block, position)
    # POSIX: the sum of all bytes, with the checksum field counted as spaces.
    stored = parse_number(block[148:156], "checksum", position)
    if stored != sum(block[:148]) + sum(block[156:]) + 8 * 0x20:
        raise HeaderChecksumError(
            f"The tar header at byte {position} has a wrong checksum",
            hint="Transfer the file again, or pack it again.",
        )
    if not all(_NUMBER.fullmatch(block[field]) for field in _UNUSED_NUMBERS):
        raise _build_header_error(position, "an owner, time or device that is not a number")
    name = _trim_field(block[:100])
    prefix = _trim_field(block[345:500])
    if prefix and magic == _GNU_MAGIC:
        # Some readers interpret these bytes as times, others as the start of the path.
        raise _build_header_error(position, "GNU format with data in the prefix field")
    return TarHeader(
        name=prefix + b"/" + name if prefix else name,
        kind=block[156:157],
        size_bytes=parse_number(block[124:136], "size", position),
        mode=parse_number(block[100:108], "mode", position),
        link=_trim_field(block[157:257]),
    )


def parse_number(field: bytes, label: str, position: int) -> int:
    """Parse a number field: octal digits, or GNU base-256 if the first bit is set."""
    if field[0] & 0x80:
        if field[0] != 0x80:
            raise _build_header_error(position, f"a negative or oversized {label}")
        return int.from_bytes(field[1:], "big")
    digits = field.lstrip(b" ").rstrip(b" \x00")
    if not _OCTAL_DIGITS.issuperset(digits):
        raise _build_header_error(position, f"a {label} that is not an octal number")
    return int(digits, 8) if digits else 0


def _trim_field(field: bytes) -> bytes:
    return field.partition(b"\x00")[0]


def _build_header_error(position: int, problem: str) -> HeaderError:
    return HeaderError(
        f"The tar header at byte {position} is malformed: {problem}",
        hint="Pack it again with `plugport pack` or a current version of `tar`.",
        context={"found": problem},
    )


def _build_magic_error(block: bytes, position: int) -> HeaderError | WrongFormatError:
    if position:
        return _build_header_error(position, "no `ustar` magic")
    format_name = find_format_name(block) or "something else"
    return WrongFormatError(
        f"The gzip stream must contain a tar archive (ustar, pax or GNU); found {format_name}",
        hint="Create the package with `plugport pack`, or with `tar` and `gzip`.",
        context={"found": format_name},
    )
