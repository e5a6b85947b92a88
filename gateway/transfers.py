"""Send bodies at the pace of the client: spooled responses, local files and objects of a store."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from common.disk_errors import RETRY_SECONDS
from common.http.errors import StorageError
from gateway.bodies import ClientGoneError, Receive

Send = Callable[[dict[str, Any]], Awaitable[None]]
# What one slow reader keeps in memory, besides the buffers of granian and of the kernel.
PIECE_BYTES = 64 << 10
# A client that takes less than that on average is disconnected, after a time in which it may be slower.
BYTES_PER_SECOND = 16_000
GRACE_SECONDS = 30.0
# The kernel accepts more only after it has sent a large part of its buffer, which slow clients take long for.
STALL_SECONDS = 75.0
_CONNECT_SECONDS = 2.0
_FIRST_BYTE_SECONDS = 3.0
_FETCH_SECONDS = 8.0


class ClientTooSlowError(Exception):
    """The client did not take the next piece in time. The response is cut off."""


async def send_pieces(send: Send, receive: Receive, pieces: AsyncIterator[bytes]) -> None:
    """Send a body whose headers were sent.

    Raises `ClientTooSlowError`, `ClientGoneError`, and what `pieces` raises.
    """
    gone = asyncio.ensure_future(_wait_until_gone(receive))
    started, sent = time.monotonic(), 0
    try:
        async for piece in pieces:
            view = memoryview(piece)
            while view:
                part, view = view[:PIECE_BYTES], view[PIECE_BYTES:]
                await _send_part(send, gone, bytes(part))
                sent += len(part)
                if time.monotonic() - started > GRACE_SECONDS + sent / BYTES_PER_SECOND:
                    raise ClientTooSlowError
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_part(send: Send, gone: asyncio.Future[None], part: bytes) -> None:
    sending = asyncio.ensure_future(
        send({"type": "http.response.body", "body": part, "more_body": True})
    )
    try:
        await asyncio.wait(
            (sending, gone), timeout=STALL_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if not sending.done():
            raise ClientGoneError if gone.done() else ClientTooSlowError
        await sending
    finally:
        sending.cancel()


class LocalFile:
    """A range of an open file. Open it with `open_file`, and close it."""

    def __init__(self, handle: int, start: int, stop: int) -> None:
        self._handle = handle
        self._start = start
        self._stop = stop

    @property
    def size_bytes(self) -> int:
        """The number of bytes in the range."""
        return self._stop - self._start

    async def iter_pieces(self) -> AsyncIterator[bytes]:
        """The content. In threads, so that a slow disk does not stop the event loop."""
        position = self._start
        while position < self._stop:
            wanted = min(PIECE_BYTES, self._stop - position)
            piece = await asyncio.to_thread(os.pread, self._handle, wanted, position)
            if not piece:
                raise OSError("the file is shorter than its size")
            position += len(piece)
            yield piece

    async def read(self) -> bytes:
        """The whole content."""
        return b"".join([piece async for piece in self.iter_pieces()])

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


async def open_file(path: str, part: str) -> LocalFile:
    """Open the file, or the range `START-STOP` of it. Raises `OSError`."""

    def open_it() -> LocalFile:
        handle = os.open(Path(path), os.O_RDONLY | os.O_CLOEXEC)
        start, stop = _parse_part(part) or (0, os.fstat(handle).st_size)
        return LocalFile(handle, start, stop)

    return await asyncio.to_thread(open_it)


@contextlib.asynccontextmanager
async def open_object(
    session: aiohttp.ClientSession, url: str, part: str
) -> AsyncIterator[AsyncIterator[bytes]]:
    """Request an object, or the range `START-STOP` of it, and give its pieces.

    Raises `StorageError`, before the first piece if the store does not respond or lacks the object.
    """
    headers = {}
    if bounds := _parse_part(part):
        headers["Range"] = f"bytes={bounds[0]}-{bounds[1] - 1}"
    timeout = aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=_FETCH_SECONDS)
    try:
        async with asyncio.timeout(_FIRST_BYTE_SECONDS):
            response = await session.get(url, headers=headers, timeout=timeout)
        async with response:
            if response.status != (206 if bounds else 200):
                raise _build_storage_error(f"it responds {response.status}")
            yield response.content.iter_any()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # Without the message: it may contain the URL, which is a secret while it is valid.
        raise _build_storage_error(type(error).__name__) from None


def _build_storage_error(reason: str) -> StorageError:
    return StorageError(
        f"The object store cannot be used: {reason}.",
        hint="Try again in a few seconds.",
        context={"retryAfterSeconds": RETRY_SECONDS},
    )


def _parse_part(part: str) -> tuple[int, int] | None:
    if not part:
        return None
    start, _, stop = part.partition("-")
    return int(start), int(stop)
