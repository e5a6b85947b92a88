"""Sending files without holding them in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO


class CountedFile:
    """A file that tells how much of it was read, as far as an HTTP library needs one."""

    def __init__(self, file: BinaryIO, advance: Callable[[int], None]) -> None:
        self._file = file
        self._advance = advance

    def read(self, size: int = -1) -> bytes:
        """The next bytes, counted."""
        chunk = self._file.read(size)
        self._advance(len(chunk))
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; the library does it to learn the length and to start over."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where reading stands."""
        return self._file.tell()

    def fileno(self) -> int:
        """The descriptor, by which the library learns the length."""
        return self._file.fileno()
