"""Pack a folder into a package. The same tree always gives the same bytes (PKG-6).

    with open("plugin.tar.gz", "wb") as out:
        report = pack_tree(Path("plugin"), out)

Files are sorted by the bytes of their paths. Owners, times and all modes except the execute bit of
the owner are fixed. Folders are not listed. The compression level of zlib is fixed. Other builds of
zlib, such as zlib-ng, can compress to different bytes, but always to the same content.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Collection
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
    build_path_error,
)
from plugport.spec.archive.gunzip import build_too_large_error
from plugport.spec.archive.model import ArchiveLimits, FileEntry, PackReport
from plugport.spec.archive.path_index import PathIndex
from plugport.spec.archive.paths import check_path
from plugport.spec.archive.reader import DEFAULT_LIMITS
from plugport.spec.archive.source_files import (
    SourceFile,
    build_read_error,
    check_secret_files,
    iter_source_files,
    open_source,
)
from plugport.spec.archive.tar_header import BLOCK_BYTES
from plugport.spec.archive.tar_writer import END_BLOCKS, build_headers, build_padding
from plugport.spec.archive.text_collector import TextCollector
from plugport.spec.digest import Digest, Digester

# On source code, level 9 takes three times as long and saves one percent.
COMPRESSION_LEVEL = 6
_CHUNK_BYTES = 256 << 10
# RFC 1952: DEFLATE, no flags, no time, no extra flags, unknown operating system.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def list_source_files(
    folder: Path,
    *,
    limits: ArchiveLimits = DEFAULT_LIMITS,
    excluded: Collection[str] = (),
    include_ignored: bool = False,
) -> list[SourceFile]:
    """The files that `pack_tree` packs, in the same order.

    `excluded` are paths relative to `folder` that are left out, whatever the ignore rules say.
    Raises all errors that `pack_tree` raises before it writes.
    """
    if not folder.is_dir():
        hint = "Pass the folder that contains the manifest of the plugin."
        raise build_path_error(PackError, str(folder), "is not a folder", hint=hint)
    path_index, text_collector = PathIndex(limits), TextCollector(limits)
    files = []
    listed = iter_source_files(folder, limits.depth, excluded, include_ignored=include_ignored)
    for file in listed:
        check_path(file.path, limits)
        path_index.add_file(file.path)
        files.append(file)
    files.sort(key=lambda file: file.path.encode("utf-8"))
    check_secret_files(folder, [file.path for file in files])
    _check_sizes(files, limits)
    # Use the reader's rules for manifests, so that packer and reader always agree.
    for file in files:
        text_collector.add_file(file.path, file.size_bytes)
    text_collector.get_root_and_texts(path_index)
    return files


def pack_tree(
    folder: Path,
    out: BinaryIO,
    *,
    limits: ArchiveLimits = DEFAULT_LIMITS,
    include_ignored: bool = False,
) -> PackReport:
    """Pack the plugin in `folder` and write the package to `out`.

    Excludes files by the rules of `plugport.spec.archive.ignore`; with `include_ignored` only the
    names that are never packed. Raises an `ArchiveError` for
    everything that the reader refuses, and `PackError` for secrets, links and unreadable files. All
    errors are raised before the first byte is written, except for the size and ratio of the archive
    and for files that change. After such an error, the caller must delete the partial output.
    """
    files = list_source_files(folder, limits=limits, include_ignored=include_ignored)
    return pack_files(folder, files, out, limits=limits)


def pack_files(
    folder: Path,
    files: list[SourceFile],
    out: BinaryIO,
    *,
    limits: ArchiveLimits = DEFAULT_LIMITS,
) -> PackReport:
    """Pack the result of `list_source_files` and write the package to `out`.

    Create `out` after listing the files if it may be inside `folder`: otherwise the package would
    contain itself. Raises the errors that `pack_tree` raises while it writes.
    """
    writer = _GzipWriter(out, limits)
    entries = []
    headers_bytes = 0
    for file in files:
        header = build_headers(file.path, file.size_bytes, executable=file.executable)
        # Like the reader, count only the headers before the block of the member.
        headers_bytes += len(header) - BLOCK_BYTES
        if headers_bytes > limits.headers_bytes or len(header) > limits.header_bytes:
            raise HeaderTooLargeError("The tar headers of long paths are too large")
        writer.write(header)
        entries.append(_write_file(folder, file, writer))
    writer.write(END_BLOCKS)
    writer.finish()
    unpacked = sum(entry.size_bytes for entry in entries)
    archive = writer.digester
    return PackReport(tuple(entries), unpacked, archive.size_bytes, archive.sha256, archive.sha512)


def _check_sizes(files: list[SourceFile], limits: ArchiveLimits) -> None:
    if not files:
        raise NoFilesError(
            "There is nothing to pack: the folder is empty, or all files are excluded",
            hint="Check `.gitignore` and `.plugportignore`.",
        )
    largest = max(files, key=lambda file: file.size_bytes)
    if largest.size_bytes > limits.file_bytes:
        raise build_path_error(
            FileTooLargeError,
            largest.path,
            f"has {largest.size_bytes} bytes; the limit for a file is {limits.file_bytes}",
            hint="Exclude it with `.plugportignore`.",
            found=largest.size_bytes,
            allowed=limits.file_bytes,
        )
    total = sum(file.size_bytes for file in files)
    if total > limits.unpacked_bytes:
        raise UnpackedTooLargeError(
            f"The files have {total} bytes in total; the limit is {limits.unpacked_bytes}",
            hint="Exclude files that the plugin does not need with `.plugportignore`.",
            context={"found": total, "allowed": limits.unpacked_bytes},
        )


def _write_file(folder: Path, file: SourceFile, writer: _GzipWriter) -> FileEntry:
    digest = hashlib.sha256()
    left = file.size_bytes
    with os.fdopen(open_source(folder, file.path), "rb") as source:
        # Read one byte more than expected, to detect a file that has grown.
        while chunk := _read_chunk(source, file.path, left + 1):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            writer.write(chunk)
    if left:
        hint = "Pack again when no program writes to the folder."
        raise build_path_error(PackChangedError, file.path, "changed while being packed", hint=hint)
    writer.write(build_padding(file.size_bytes))
    return FileEntry(
        file.path, file.size_bytes, Digest.from_bytes("sha256", digest.digest()), file.executable
    )


def _read_chunk(source: BinaryIO, path: str, size: int) -> bytes:
    # Not around the write, whose errors are those of the output.
    try:
        return source.read(min(_CHUNK_BYTES, size))
    except OSError as error:
        raise build_read_error(path, error) from None


class _GzipWriter:
    """Compress to `out`, and enforce the same limits as the reader."""

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
        # RFC 1952 stores the length modulo 2**32.
        length = self._content_bytes & 0xFFFFFFFF
        trailer = self._crc.to_bytes(4, "little") + length.to_bytes(4, "little")
        self._emit(self._deflater.flush() + trailer)
        limits, size = self._limits, self.digester.size_bytes
        if self._content_bytes > max(limits.ratio_from_bytes, limits.ratio * size):
            raise BombError(
                f"The content is more than {limits.ratio} times the size of the package",
                hint="Remove files that are mostly padding.",
                context={"found": self._content_bytes, "allowed": limits.ratio * size},
            )

    def _emit(self, data: bytes) -> None:
        # Check before writing, so that the output never exceeds the limit.
        self.digester.update(data)
        if self.digester.size_bytes > self._limits.archive_bytes:
            raise build_too_large_error(self.digester.size_bytes, self._limits)
        self._out.write(data)
