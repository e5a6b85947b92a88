"""Writing tar headers that say nothing but a file's name, size and execute bit.

POSIX.1-2017 "ustar Interchange Format", with a pax `path` record only for names that ustar
cannot hold.
"""

from __future__ import annotations

from plugport.spec.archive.tar_header import BLOCK_BYTES
from plugport.spec.archive.tree import EXECUTABLE_MODE, FILE_MODE

# 1980-01-02, the first full day that every file system and archive format in use can store.
MTIME_SECONDS = 315_619_200
END_BLOCKS = bytes(2 * BLOCK_BYTES)
_NAME_BYTES = 100
_PREFIX_BYTES = 155
_PAX_NAME = b"PaxHeaders/path"


def make_headers(path: str, size: int, *, executable: bool) -> bytes:
    """Make the header blocks of a file of `size` bytes below 8 GiB; its content follows them."""
    mode = EXECUTABLE_MODE if executable else FILE_MODE
    raw = path.encode("utf-8")
    split = _split_name(raw) if path.isascii() else None
    if split is not None:
        return _make_block(*split, b"0", size, mode)
    record = _make_record(b"path", raw)
    extended = _make_block(b"", _PAX_NAME, b"x", len(record), FILE_MODE)
    # Readers without pax see this shortened name; ours and all current ones take the record.
    short = path.encode("ascii", "replace")[:_NAME_BYTES]
    return extended + record + pad(len(record)) + _make_block(b"", short, b"0", size, mode)


def pad(size: int) -> bytes:
    """Make the zeros that fill the last block of `size` bytes."""
    return bytes(-size % BLOCK_BYTES)


def _split_name(raw: bytes) -> tuple[bytes, bytes] | None:
    """Return the prefix and name fields for a path, or None if it does not fit."""
    if len(raw) <= _NAME_BYTES:
        return b"", raw
    slash = raw.find(b"/", len(raw) - _NAME_BYTES - 1)
    if slash < 1 or slash > _PREFIX_BYTES or slash == len(raw) - 1:
        return None
    return raw[:slash], raw[slash + 1 :]


def _make_record(key: bytes, value: bytes) -> bytes:
    """One pax record; its length counts its own digits."""
    rest = b" %s=%s\n" % (key, value)
    length = len(rest) + 1
    # One more digit can make the length one digit longer.
    while length != len(rest) + len(b"%d" % length):
        length = len(rest) + len(b"%d" % length)
    return b"%d%s" % (length, rest)


def _make_block(prefix: bytes, name: bytes, kind: bytes, size: int, mode: int) -> bytes:
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
