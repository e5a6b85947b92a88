"""Packing a folder into a package: the same tree gives the same bytes (PKG-6).

    with open("plugin.tar.gz", "wb") as out:
        report = pack_tree(Path("plugin"), out)

Files come sorted by the bytes of their paths; owners, times and all modes but the owner's
execute bit are fixed; folders are not listed. Compression is zlib's at a fixed level, so the
bytes are the same wherever zlib is the same: other builds of it (zlib-ng, some vendors') may
compress to other bytes, never to other content.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path
from typing import BinaryIO

from plugport.spec.archive.errors import (
    BombError,
    FileTooLargeError,
    HeaderTooLargeError,
    NoFilesError,
    PackChangedError,
    PackError,
    UnpackedTooLargeError,
    make_path_error,
)
from plugport.spec.archive.gunzip import make_too_large_error
from plugport.spec.archive.model import ArchiveLimits, FileEntry, PackReport
from plugport.spec.archive.pathbook import PathBook
from plugport.spec.archive.paths import check_path
from plugport.spec.archive.reader import DEFAULT_LIMITS
from plugport.spec.archive.tar_header import BLOCK_BYTES
from plugport.spec.archive.tar_writer import END_BLOCKS, make_headers, pad
from plugport.spec.archive.texts import TextKeeper
from plugport.spec.archive.walk import (
    SourceFile,
    make_read_error,
    open_source,
    refuse_secrets,
    walk_tree,
)
from plugport.spec.digest import Digest, Digester

# On source code, level 9 takes three times as long and saves one hundredth.
COMPRESSION_LEVEL = 6
_CHUNK_BYTES = 256 << 10
# RFC 1952: DEFLATE, no flags, no time, no extra flags, unknown operating system.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def find_files(folder: Path, *, limits: ArchiveLimits = DEFAULT_LIMITS) -> list[SourceFile]:
    """List what `pack_tree` would pack, in its order; raises what it would before it writes."""
    if not folder.is_dir():
        hint = "Name the folder that holds the plugin's manifest."
        raise make_path_error(PackError, str(folder), "is not a folder", hint=hint)
    book, keeper = PathBook(limits), TextKeeper(limits)
    files = []
    for file in walk_tree(folder, limits.depth):
        check_path(file.path, limits)
        book.add_file(file.path)
        files.append(file)
    files.sort(key=lambda file: file.path.encode("utf-8"))
    refuse_secrets(folder, [file.path for file in files])
    _check_sizes(files, limits)
    # The reader's own rules on manifests, so that both sides always agree.
    for file in files:
        keeper.wants(file.path, file.size_bytes)
    keeper.settle(book)
    return files


def pack_tree(folder: Path, out: BinaryIO, *, limits: ArchiveLimits = DEFAULT_LIMITS) -> PackReport:
    """Pack the plugin in `folder` and write the package to `out`.

    Leaves out what `plugport.spec.archive.ignore` says. Raises an `ArchiveError` for whatever the
    reader would refuse, and `PackError` (secrets, links, unreadable files) for the rest. All but
    the archive's own size, its ratio and files that change meanwhile is found before the first
    byte is written; what was written before such an error is the caller's to remove.
    """
    files = find_files(folder, limits=limits)
    writer = _GzipWriter(out, limits)
    entries = []
    headers_bytes = 0
    for file in files:
        header = make_headers(file.path, file.size_bytes, executable=file.executable)
        # As the reader counts: what comes before the member's own block.
        headers_bytes += len(header) - BLOCK_BYTES
        if headers_bytes > limits.headers_bytes or len(header) > limits.header_bytes:
            raise HeaderTooLargeError("The tar headers of long names are too large together")
        writer.write(header)
        entries.append(_write_file(folder, file, writer))
    writer.write(END_BLOCKS)
    writer.finish()
    unpacked = sum(entry.size_bytes for entry in entries)
    taken = writer.digester
    return PackReport(tuple(entries), unpacked, taken.size_bytes, taken.sha256, taken.sha512)


def _check_sizes(files: list[SourceFile], limits: ArchiveLimits) -> None:
    if not files:
        raise NoFilesError(
            "There is nothing to pack: the folder holds no file, or all are left out",
            hint="Look at `.gitignore` and `.plugportignore`.",
        )
    largest = max(files, key=lambda file: file.size_bytes)
    if largest.size_bytes > limits.file_bytes:
        raise make_path_error(
            FileTooLargeError,
            largest.path,
            f"has {largest.size_bytes} bytes; {limits.file_bytes} are allowed in a file",
            hint="Leave it out (`.plugportignore`).",
            found=largest.size_bytes,
            allowed=limits.file_bytes,
        )
    total = sum(file.size_bytes for file in files)
    if total > limits.unpacked_bytes:
        raise UnpackedTooLargeError(
            f"The files have {total} bytes together; {limits.unpacked_bytes} are allowed",
            hint="Leave out what the plugin does not need (`.plugportignore`).",
            context={"found": total, "allowed": limits.unpacked_bytes},
        )


def _write_file(folder: Path, file: SourceFile, writer: _GzipWriter) -> FileEntry:
    digest = hashlib.sha256()
    left = file.size_bytes
    with os.fdopen(open_source(folder, file.path), "rb") as source:
        try:
            # One byte more than expected shows a file that has grown.
            while chunk := source.read(min(_CHUNK_BYTES, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                digest.update(chunk)
                writer.write(chunk)
        except OSError as error:
            raise make_read_error(file.path, error) from None
    if left:
        hint = "Pack again when nothing writes to the folder."
        raise make_path_error(PackChangedError, file.path, "changed while being packed", hint=hint)
    writer.write(pad(file.size_bytes))
    return FileEntry(
        file.path, file.size_bytes, Digest.from_bytes("sha256", digest.digest()), file.executable
    )


class _GzipWriter:
    """Compresses into `out` and counts both sides, so that limits hold here as in the reader."""

    def __init__(self, out: BinaryIO, limits: ArchiveLimits) -> None:
        self.digester = Digester()
        self._out = out
        self._limits = limits
        self._deflater = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._crc = 0
        self._content_bytes = 0
        self._emit(_GZIP_HEADER)

    def write(self, data: bytes) -> None:
        self._crc = zlib.crc32(data, self._crc)
        self._content_bytes += len(data)
        self._emit(self._deflater.compress(data))

    def finish(self) -> None:
        # RFC 1952 keeps the length modulo 2**32.
        length = self._content_bytes & 0xFFFFFFFF
        trailer = self._crc.to_bytes(4, "little") + length.to_bytes(4, "little")
        self._emit(self._deflater.flush() + trailer)
        limits, size = self._limits, self.digester.size_bytes
        if self._content_bytes > max(limits.ratio_from_bytes, limits.ratio * size):
            raise BombError(
                f"The content is more than {limits.ratio} times the size of the package",
                hint="Leave out files that are mostly padding.",
                context={"found": self._content_bytes, "allowed": limits.ratio * size},
            )

    def _emit(self, data: bytes) -> None:
        # Checked before the write, so that no more than the limit ever reaches a disk.
        self.digester.update(data)
        if self.digester.size_bytes > self._limits.archive_bytes:
            raise make_too_large_error(self.digester.size_bytes, self._limits)
        self._out.write(data)
