"""Detect file types by their first bytes, to name the type in error messages."""

from __future__ import annotations

GZIP_MAGIC = b"\x1f\x8b"
SNIFF_BYTES = 512

_MAGICS = (
    (GZIP_MAGIC, "a gzip file"),
    (b"PK\x03\x04", "a zip file"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"BZh", "a bzip2 file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"Rar!\x1a\x07", "a RAR file"),
    (b"\x04\x22\x4d\x18", "an lz4 file"),
    (b"LZIP", "an lzip file"),
    (b"\x1f\x9d", "a compress (.Z) file"),
    (b"!<arch>\n", "an ar archive"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a program (Windows)"),
    (b"{", "a JSON text"),
)
_HTML_STARTS = (b"<!doctype", b"<html", b"<?xml")


def find_format_name(head: bytes) -> str | None:
    """The type of a file by its first `SNIFF_BYTES` bytes, with an article, or None."""
    # The magic of tar is at offset 257; the archive starts with a file name.
    if head[257:262] == b"ustar":
        return "a plain tar archive"
    for magic, name in _MAGICS:
        if head.startswith(magic):
            return name
    if head.lstrip().lower().startswith(_HTML_STARTS):
        return "an HTML or XML page"
    return None
