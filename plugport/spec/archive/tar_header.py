"""One 512-byte tar header, read strictly.

POSIX.1-2017, `pax` utility, "ustar Interchange Format"; of GNU's format the magic and base-256
numbers. Where readers differ in what a header means, it is refused: a package must be the same
for every tool that unpacks it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from plugport.spec.archive.errors import HeaderChecksumError, HeaderError, WrongFormatError
from plugport.spec.archive.sniff import name_format

BLOCK_BYTES = 512
ZERO_BLOCK = bytes(BLOCK_BYTES)
_POSIX_MAGIC = b"ustar\x0000"
_GNU_MAGIC = b"ustar  \x00"
_OCTAL_DIGITS = frozenset(b"01234567")
# Owner, group, time and device mean nothing here, but there are readers that take a header with
# a broken one for the end of the archive, and so see fewer files.
_UNUSED_NUMBERS = tuple(map(slice, (108, 116, 136, 329, 337), (116, 124, 148, 337, 345)))
_NUMBER = re.compile(rb" *[0-7]*[ \x00]*|[\x80\xff].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TarHeader:
    """What a header says, unchecked: `kind` is the type flag, `size_bytes` what follows."""

    name: bytes
    kind: bytes
    size_bytes: int
    mode: int
    link: bytes


def parse_header(block: bytes, position: int) -> TarHeader:
    """Read the header block that starts at `position` of the tar archive.

    Raises `HeaderError`, `HeaderChecksumError`, or `WrongFormatError` for a first block that is
    no tar header at all.
    """
    magic = block[257:265]
    if magic not in (_POSIX_MAGIC, _GNU_MAGIC):
        raise _make_magic_error(block, position)
    # POSIX: the sum of all bytes, those of the checksum itself taken as spaces.
    stored = parse_number(block[148:156], "checksum", position)
    if stored != sum(block[:148]) + sum(block[156:]) + 8 * 0x20:
        raise HeaderChecksumError(
            f"The tar header at byte {position} has a wrong checksum",
            hint="Upload or download the file again, or pack it again.",
        )
    if not all(_NUMBER.fullmatch(block[field]) for field in _UNUSED_NUMBERS):
        raise _make_header_error(position, "an owner, time or device that is not a number")
    name = _cut(block[:100])
    prefix = _cut(block[345:500])
    if prefix and magic == _GNU_MAGIC:
        # Some readers take these bytes for times, others for the front of the name.
        raise _make_header_error(position, "GNU's format with bytes in the prefix field")
    return TarHeader(
        name=prefix + b"/" + name if prefix else name,
        kind=block[156:157],
        size_bytes=parse_number(block[124:136], "size", position),
        mode=parse_number(block[100:108], "mode", position),
        link=_cut(block[157:257]),
    )


def parse_number(field: bytes, label: str, position: int) -> int:
    """Read a number of a header: octal digits, or GNU's base-256 if the first bit is set."""
    if field[0] & 0x80:
        if field[0] != 0x80:
            raise _make_header_error(position, f"a negative or oversized {label}")
        return int.from_bytes(field[1:], "big")
    digits = field.lstrip(b" ").rstrip(b" \x00")
    if not _OCTAL_DIGITS.issuperset(digits):
        raise _make_header_error(position, f"a {label} that is not an octal number")
    return int(digits, 8) if digits else 0


def _cut(field: bytes) -> bytes:
    return field.partition(b"\x00")[0]


def _make_header_error(position: int, found: str) -> HeaderError:
    return HeaderError(
        f"The tar header at byte {position} is malformed: {found}",
        hint="Pack again with `plugport pack` or a current `tar`.",
        context={"found": found},
    )


def _make_magic_error(block: bytes, position: int) -> HeaderError | WrongFormatError:
    if position:
        return _make_header_error(position, "no `ustar` mark")
    found = name_format(block) or "something else"
    return WrongFormatError(
        f"The gzip stream must hold a tar archive (ustar, pax or GNU); it holds {found}",
        hint="Make the package with `plugport pack`, or with `tar` and `gzip`.",
        context={"found": found},
    )
