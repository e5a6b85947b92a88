"""A gzip file as a stream that is read once, in bounded memory, and verified to its last byte.

RFC 1952 (gzip) and RFC 1951 (DEFLATE). The standard library's `gzip` skips zero bytes after the
end and joins several streams without a word; a package is exactly one stream.
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
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.archive.sniff import GZIP_MAGIC, SNIFF_BYTES, name_format
from plugport.spec.text import show

# DEFLATE grows its input a thousandfold at most, so what comes out is bounded apart from it.
_INPUT_BYTES = 64 << 10
_OUTPUT_BYTES = 256 << 10
# zlib: 16 asks for the gzip wrapper, 15 for the largest window.
_GZIP_WINDOW = 16 + zlib.MAX_WBITS

_REPACK = "Make the package with `plugport pack`, or with `tar` and `gzip`."


class GunzipStream:
    """The content of one gzip stream. `position` counts the bytes given out.

    Reads raise `ContainerError` for damage, and `BombError` once the content passes the ratio
    that the limits allow for an archive of this size.
    """

    def __init__(self, raw: BinaryIO, archive_bytes: int, limits: ArchiveLimits) -> None:
        self._raw = raw
        self._inflater = zlib.decompressobj(_GZIP_WINDOW)
        self._limits = limits
        self._archive_bytes = archive_bytes
        self._buffer = b""
        self._start = 0
        self._taken_bytes = 0
        # Bytes of the tar archive, which is what messages about headers count.
        self.position = 0

    def read(self, size: int) -> bytes:
        """Between 1 and `size` bytes, or b"" at the end, once that is verified."""
        if self._start == len(self._buffer) and not self._fill():
            return b""
        chunk = self._buffer[self._start : self._start + size]
        self._start += len(chunk)
        self.position += len(chunk)
        return chunk

    def read_exactly(self, size: int) -> bytes:
        """`size` bytes (keep it small: they are held). Raises `TruncatedArchiveError`."""
        data = self.read(size)
        while len(data) < size:
            more = self.read(size - len(data))
            if not more:
                raise make_truncated_error(self.position)
            data += more
        return data

    def check_room(self, size: int) -> None:
        """Raise `BombError` if `size` more bytes would pass the ratio, before they are read."""
        limits = self._limits
        allowed = max(limits.ratio_from_bytes, limits.ratio * self._archive_bytes)
        if self.position + size > allowed:
            raise BombError(
                f"The package of {self._archive_bytes} bytes unpacks to more than "
                f"{limits.ratio} times its size",
                hint="Leave out files that are mostly padding.",
                context={"found": self.position + size, "allowed": allowed},
            )

    def _fill(self) -> bool:
        self._buffer, self._start = b"", 0
        # Input may be used up without any output: headers, empty blocks.
        while not self._buffer:
            if self._inflater.eof:
                self._check_end()
                return False
            data = self._inflater.unconsumed_tail or self._take()
            try:
                self._buffer = self._inflater.decompress(data, _OUTPUT_BYTES)
            except zlib.error as error:
                raise _explain_damage(error) from None
        self.check_room(len(self._buffer))
        return True

    def _take(self) -> bytes:
        data = self._read_raw()
        if not data:
            raise TruncatedArchiveError(
                f"The gzip stream ends too early, after {self._taken_bytes} bytes",
                hint="Upload or download the file again, or pack it again.",
            )
        self._taken_bytes += len(data)
        # The file may have grown since its size was taken.
        if self._taken_bytes > self._limits.archive_bytes:
            raise make_too_large_error(self._taken_bytes, self._limits)
        return data

    def _read_raw(self) -> bytes:
        try:
            return self._raw.read(_INPUT_BYTES)
        except OSError as error:
            raise UnreadableArchiveError(f"The package cannot be read: {error.strerror}") from None

    def _check_end(self) -> None:
        # The stream may end just where a chunk of input does.
        rest = self._inflater.unused_data or self._read_raw()
        if rest.startswith(GZIP_MAGIC):
            raise SeveralStreamsError("A second gzip stream follows the first", hint=_REPACK)
        if rest:
            start = show(rest[:20].decode("ascii", "backslashreplace"))
            raise TrailingDataError(f"{start} follows the end of the gzip stream", hint=_REPACK)


def _explain_damage(error: zlib.error) -> CorruptGzipError | GzipChecksumError:
    # zlib tells its errors apart by their texts only.
    text = str(error)
    if "incorrect data check" in text or "incorrect length check" in text:
        return GzipChecksumError(
            "The content does not match the checksum in the gzip stream",
            hint="Upload or download the file again, or pack it again.",
        )
    return CorruptGzipError(f"The gzip stream is damaged: {text.rpartition(': ')[2]}", hint=_REPACK)


def make_truncated_error(position: int) -> TruncatedArchiveError:
    """Make the error for a tar archive that ends after `position` bytes."""
    return TruncatedArchiveError(
        f"The tar archive ends too early, after {position} bytes",
        hint="Upload or download the file again, or pack it again.",
    )


def make_too_large_error(found_bytes: int, limits: ArchiveLimits) -> ArchiveTooLargeError:
    """Make the error for an archive of at least `found_bytes`."""
    return ArchiveTooLargeError(
        f"The package has {found_bytes} bytes; {limits.archive_bytes} are allowed",
        hint="Leave out what the plugin does not need (`.plugportignore`).",
        context={"found": found_bytes, "allowed": limits.archive_bytes},
    )


@contextmanager
def open_gzip(archive: Path, limits: ArchiveLimits) -> Iterator[GunzipStream]:
    """Open a package file and yield its content. Raises `ContainerError` and its kin."""
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        descriptor = os.open(archive, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _make_unreadable_error(archive, error.strerror or "unknown error") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise _make_unreadable_error(archive, "not a regular file")
    # Unbuffered, as it is read in large pieces anyway.
    with os.fdopen(descriptor, "rb", buffering=0) as raw:
        _check_start(raw, status.st_size, limits)
        yield GunzipStream(raw, status.st_size, limits)


def _make_unreadable_error(archive: Path, reason: str) -> UnreadableArchiveError:
    return UnreadableArchiveError(f"{show(str(archive))} cannot be read: {reason}")


def _check_start(raw: BinaryIO, size: int, limits: ArchiveLimits) -> None:
    if not size:
        raise EmptyArchiveError("The package has no bytes", hint=_REPACK)
    if size > limits.archive_bytes:
        raise make_too_large_error(size, limits)
    head = raw.read(SNIFF_BYTES)
    if not head.startswith(GZIP_MAGIC):
        found = name_format(head) or "neither gzip nor any other known format"
        raise WrongFormatError(
            f"The package must be a gzipped tar archive (.tar.gz); this is {found}",
            hint=_REPACK,
            context={"found": found},
        )
    raw.seek(0)
