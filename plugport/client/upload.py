"""Uploading files without holding them in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO


class CountedFile:
    """A file that reports what is read from it. It has the methods that httpx uses."""

    def __init__(self, file: BinaryIO, advance: Callable[[int], None]) -> None:
        self._file = file
        self._advance = advance

    def read(self, size: int = -1) -> bytes:
        """Read the next bytes and report their number."""
        chunk = self._file.read(size)
        self._advance(len(chunk))
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move the position. httpx does so to find the length and to rewind."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        """Return the file descriptor, which httpx needs to find the length."""
        return self._file.fileno()
