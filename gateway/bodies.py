"""Read the body of a request completely before a thread of Django is needed for it.

A body is kept in memory or, if it is large, in a file without a name. Deadlines and a minimum rate
end requests of clients that send slowly (CWE-400, "Slowloris").
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import IO, Any

from common.http.errors import RequestTimeoutError
from plugport.spec.errors import PlugportError

Receive = Callable[[], Awaitable[dict[str, Any]]]
MEMORY_BYTES = 256 << 10
_PIECE_BYTES = 256 << 10
# Nothing arrives.
IDLE_SECONDS = 15.0
# A body of any size may take that long; a package one second more for each `BYTES_PER_SECOND`.
TOTAL_SECONDS = 30.0
BYTES_PER_SECOND = 16_000


class ClientGoneError(Exception):
    """The client closed the connection before the request was complete."""


class Body:
    """A complete body. Close it: the file is deleted then."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._memory = bytearray()
        self._file: IO[bytes] | None = None

    @property
    def is_in_memory(self) -> bool:
        """Whether the content is in memory, because it is small."""
        return self._file is None

    async def append(self, piece: bytes, scratch: str) -> None:
        """Add bytes. Raises `OSError` if the disk is full."""
        self.size_bytes += len(piece)
        if self._file is None and len(self._memory) + len(piece) <= MEMORY_BYTES:
            self._memory += piece
            return
        await asyncio.to_thread(self._write, piece, scratch)

    def _write(self, piece: bytes, scratch: str) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=scratch, buffering=0)  # noqa: SIM115 -- closed by `close`
            self._write_all(bytes(self._memory))
            self._memory.clear()
        self._write_all(piece)

    def _write_all(self, piece: bytes) -> None:
        view = memoryview(piece)
        while view and self._file is not None:
            view = view[os.write(self._file.fileno(), view) :]

    async def iter_pieces(self) -> AsyncIterator[bytes]:
        """The content in pieces; may be called again."""
        if self._file is None:
            if self._memory:
                yield bytes(self._memory)
            return
        position = 0
        while piece := await asyncio.to_thread(
            os.pread, self._file.fileno(), _PIECE_BYTES, position
        ):
            position += len(piece)
            yield piece

    def close(self) -> None:
        """Free the memory and the disk space."""
        self._memory.clear()
        if self._file is not None:
            self._file.close()
            self._file = None


async def read_body(
    receive: Receive, *, limit: int, scratch: str, over_limit: PlugportError, is_package: bool
) -> Body:
    """Read the body of a request. The caller closes it.

    Raises `over_limit` at the byte that exceeds the limit, `RequestTimeoutError` for a client that
    is too slow, `ClientGoneError`, and `OSError` if the body cannot be stored.
    """
    body = Body()
    started = time.monotonic()
    try:
        while True:
            more = body.size_bytes / BYTES_PER_SECOND if is_package else 0
            left = started + TOTAL_SECONDS + more - time.monotonic()
            try:
                async with asyncio.timeout(max(0.0, min(IDLE_SECONDS, left))):
                    message = await receive()
            except TimeoutError:
                raise _build_timeout(body.size_bytes, is_package=is_package) from None
            if await _take(message, body, limit=limit, scratch=scratch, over_limit=over_limit):
                return body
    except BaseException:
        body.close()
        raise


async def _take(
    message: dict[str, Any], body: Body, *, limit: int, scratch: str, over_limit: PlugportError
) -> bool:
    """Add what a message brings. Whether the body is complete."""
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    piece = message.get("body", b"")
    if body.size_bytes + len(piece) > limit:
        raise over_limit
    if piece:
        await body.append(piece, scratch)
    return not message.get("more_body", False)


def _build_timeout(received_bytes: int, *, is_package: bool) -> RequestTimeoutError:
    pace = f"at least {BYTES_PER_SECOND // 1000} kB each second"
    if not is_package:
        pace = f"the body within {TOTAL_SECONDS:.0f} seconds"
    return RequestTimeoutError(
        f"The request body arrived too slowly: {received_bytes:,} bytes were received.",
        hint=f"Send {pace}, without pauses of {IDLE_SECONDS:.0f} seconds.",
    )
