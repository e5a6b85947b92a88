"""Write tar headers with only the path, size and execute bit of a file.

POSIX.1-2017 "ustar Interchange Format", with a pax `path` record only for paths that do not fit.
"""

from __future__ import annotations

from plugport.spec.archive.tar_header import BLOCK_BYTES
from plugport.spec.archive.tree_writer import EXECUTABLE_MODE, FILE_MODE

# 1980-01-02: the first full day that every common file system and archive format can store.
MTIME_SECONDS = 315_619_200
END_BLOCKS = bytes(2 * BLOCK_BYTES)
_NAME_BYTES = 100
_PREFIX_BYTES = 155
_PAX_NAME = b"PaxHeaders/path"


def build_headers(path: str, size: int, *, executable: bool) -> bytes:
    """The header blocks of a file. `size` must be below 8 GiB, the limit of the octal field."""
    mode = EXECUTABLE_MODE if executable else FILE_MODE
    raw = path.encode("utf-8")
    split = _split_name(raw) if path.isascii() else None
    if split is not None:
        return _build_block(*split, b"0", size, mode)
    record = _build_record(b"path", raw)
    extended = _build_block(b"", _PAX_NAME, b"x", len(record), FILE_MODE)
    # Readers without pax support use this shortened path; all others use the record.
    short = path.encode("ascii", "replace")[:_NAME_BYTES]
    return (
        extended + record + build_padding(len(record)) + _build_block(b"", short, b"0", size, mode)
    )


def build_padding(size: int) -> bytes:
    """The zero bytes that complete the last block of a body of `size` bytes."""
    return bytes(-size % BLOCK_BYTES)


def _split_name(raw: bytes) -> tuple[bytes, bytes] | None:
    """The prefix and name fields for a path, or None if it does not fit."""
    if len(raw) <= _NAME_BYTES:
        return b"", raw
    slash = raw.find(b"/", len(raw) - _NAME_BYTES - 1)
    if slash < 1 or slash > _PREFIX_BYTES or slash == len(raw) - 1:
        return None
    return raw[:slash], raw[slash + 1 :]


def _build_record(key: bytes, value: bytes) -> bytes:
    """A pax record. Its length includes its own digits."""
    rest = b" %s=%s\n" % (key, value)
    length = len(rest) + 1
    # Adding the digits can increase the number of digits.
    while length != len(rest) + len(b"%d" % length):
        length = len(rest) + len(b"%d" % length)
    return b"%d%s" % (length, rest)


def _build_block(prefix: bytes, name: bytes, kind: bytes, size: int, mode: int) -> bytes:
    front = b"".join(
        (
            name.ljust(_NAME_BYTES, b"\0"),
            b"%07o\0" % mode,
            b"%07o\0%07o\0" % (0, 0),
            b"%011o\0%011o\0" % (size, MTIME_SECONDS),
        )
    )
    back = b"".join(
        (
            kind,
            bytes(100),
            b"ustar\x0000",
            bytes(64),
            b"%07o\0%07o\0" % (0, 0),
            prefix.ljust(_PREFIX_BYTES, b"\0"),
            bytes(12),
        )
    )
    checksum = sum(front) + sum(back) + 8 * 0x20
    return front + b"%06o\0 " % checksum + back
