"""Read a gzip file as a stream, once, in bounded memory, and verify it to the last byte.

RFC 1952 (gzip) and RFC 1951 (DEFLATE). The standard library's `gzip` silently ignores zero bytes
after the end and joins several streams. A package is exactly one stream, so that every tool that
unpacks it sees the same files.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from plugport.spec.archive.errors import (
    ArchiveTooLargeError,
    BombError,
    CorruptGzipError,
    EmptyArchiveError,
    GzipChecksumError,
    SeveralStreamsError,
    TrailingDataError,
    TruncatedArchiveError,
    UnreadableArchiveError,
    WrongFormatError,
)
from plugport.spec.archive.file_type import GZIP_MAGIC, SNIFF_BYTES, find_format_name
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.text import quote_text

# DEFLATE expands its input up to a thousandfold, so the output needs its own bound (CWE-409).
_INPUT_BYTES = 64 << 10
_OUTPUT_BYTES = 256 << 10
# For zlib, adding 16 selects the gzip format; MAX_WBITS is the largest window.
_GZIP_WINDOW = 16 + zlib.MAX_WBITS

_REPACK = "Create the package with `plugport pack`, or with `tar` and `gzip`."


class GunzipStream:
    """The decompressed content of a gzip stream. `position` is the number of bytes read so far.

    Reading raises `ContainerError` for corrupt data, and `BombError` when the content exceeds the
    ratio that the limits allow for an archive of this size.
    """

    def __init__(self, raw: BinaryIO, archive_bytes: int, limits: ArchiveLimits) -> None:
        self._raw = raw
        self._inflater = zlib.decompressobj(_GZIP_WINDOW)
        self._limits = limits
        self._archive_bytes = archive_bytes
        self._buffer = b""
        self._start = 0
        self._taken_bytes = 0
        # Error messages about tar headers use this position.
        self.position = 0

    def read(self, size: int) -> bytes:
        """Read 1 to `size` bytes, or b"" at the end of the stream, after verifying it."""
        if self._start == len(self._buffer) and not self._fill_buffer():
            return b""
        chunk = self._buffer[self._start : self._start + size]
        self._start += len(chunk)
        self.position += len(chunk)
        return chunk

    def read_exactly(self, size: int) -> bytes:
        """Read exactly `size` bytes into memory. Raises `TruncatedArchiveError`."""
        data = self.read(size)
        while len(data) < size:
            more = self.read(size - len(data))
            if not more:
                raise build_truncated_error(self.position)
            data += more
        return data

    def check_ratio(self, size: int) -> None:
        """Raise `BombError` if reading `size` more bytes would exceed the ratio."""
        limits = self._limits
        allowed = max(limits.ratio_from_bytes, limits.ratio * self._archive_bytes)
        if self.position + size > allowed:
            raise BombError(
                f"The package of {self._archive_bytes} bytes unpacks to more than "
                f"{limits.ratio} times its size",
                hint="Remove files that are mostly padding.",
                context={"found": self.position + size, "allowed": allowed},
            )

    def _fill_buffer(self) -> bool:
        self._buffer, self._start = b"", 0
        # Headers and empty blocks consume input without producing output.
        while not self._buffer:
            if self._inflater.eof:
                self._check_end()
                return False
            data = self._inflater.unconsumed_tail or self._read_compressed()
            try:
                self._buffer = self._inflater.decompress(data, _OUTPUT_BYTES)
            except zlib.error as error:
                raise _build_damage_error(error) from None
        self.check_ratio(len(self._buffer))
        return True

    def _read_compressed(self) -> bytes:
        data = self._read_raw()
        if not data:
            raise TruncatedArchiveError(
                f"The gzip stream is truncated after {self._taken_bytes} bytes",
                hint="Transfer the file again, or pack it again.",
            )
        self._taken_bytes += len(data)
        # The file can grow after its size was checked.
        if self._taken_bytes > self._limits.archive_bytes:
            raise build_too_large_error(self._taken_bytes, self._limits)
        return data

    def _read_raw(self) -> bytes:
        try:
            return self._raw.read(_INPUT_BYTES)
        except OSError as error:
            raise UnreadableArchiveError(f"The package cannot be read: {error.strerror}") from None

    def _check_end(self) -> None:
        # The stream can end exactly at the end of a chunk.
        rest = self._inflater.unused_data or self._read_raw()
        if rest.startswith(GZIP_MAGIC):
            raise SeveralStreamsError("The file has a second gzip stream", hint=_REPACK)
        if rest:
            start = quote_text(rest[:20].decode("ascii", "backslashreplace"))
            raise TrailingDataError(f"{start} after the end of the gzip stream", hint=_REPACK)


def _build_damage_error(error: zlib.error) -> CorruptGzipError | GzipChecksumError:
    # zlib errors differ only in their text.
    text = str(error)
    if "incorrect data check" in text or "incorrect length check" in text:
        return GzipChecksumError(
            "The content does not match the checksum in the gzip stream",
            hint="Transfer the file again, or pack it again.",
        )
    return CorruptGzipError(f"The gzip stream is corrupt: {text.rpartition(': ')[2]}", hint=_REPACK)


def build_truncated_error(position: int) -> TruncatedArchiveError:
    """The error for a tar archive that ends after `position` bytes."""
    return TruncatedArchiveError(
        f"The tar archive is truncated after {position} bytes",
        hint="Transfer the file again, or pack it again.",
    )


def build_too_large_error(size_bytes: int, limits: ArchiveLimits) -> ArchiveTooLargeError:
    """The error for an archive of at least `size_bytes`."""
    return ArchiveTooLargeError(
        f"The package has {size_bytes} bytes; the limit is {limits.archive_bytes}",
        hint="Exclude files that the plugin does not need with `.plugportignore`.",
        context={"found": size_bytes, "allowed": limits.archive_bytes},
    )


@contextmanager
def open_gzip(archive: Path, limits: ArchiveLimits) -> Iterator[GunzipStream]:
    """Open a package file and yield its content. Raises subclasses of `ContainerError`."""
    try:
        # Without O_NONBLOCK, opening a named pipe blocks until there is a writer.
        descriptor = os.open(archive, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _build_unreadable_error(archive, error.strerror or "unknown error") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise _build_unreadable_error(archive, "not a regular file")
    # Unbuffered: reads are already large.
    with os.fdopen(descriptor, "rb", buffering=0) as raw:
        _check_start(raw, status.st_size, limits)
        yield GunzipStream(raw, status.st_size, limits)


def _build_unreadable_error(archive: Path, reason: str) -> UnreadableArchiveError:
    return UnreadableArchiveError(f"{quote_text(str(archive))} cannot be read: {reason}")


def _check_start(raw: BinaryIO, size: int, limits: ArchiveLimits) -> None:
    if not size:
        raise EmptyArchiveError("The package is empty", hint=_REPACK)
    if size > limits.archive_bytes:
        raise build_too_large_error(size, limits)
    head = raw.read(SNIFF_BYTES)
    if not head.startswith(GZIP_MAGIC):
        format_name = find_format_name(head) or "neither gzip nor any other known format"
        raise WrongFormatError(
            f"The package must be a gzipped tar archive (.tar.gz); this is {format_name}",
            hint=_REPACK,
            context={"found": format_name},
        )
    raw.seek(0)
