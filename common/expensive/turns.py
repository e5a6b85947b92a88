"""One thread computes at a time, a few wait for their turn, and all others are refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from common.expensive.errors import ServerBusyError

_RETRY_SECONDS = 2


class Turns:
    """Turns of the threads of this process at one kind of expensive work.

    `max_pending` threads may compute or wait, so that the others keep serving cheap requests.
    """

    def __init__(self, *, max_pending: int) -> None:
        self._slots = threading.BoundedSemaphore(max_pending)
        self._lock = threading.Lock()

    @contextmanager
    def take(self, *, max_seconds: float) -> Iterator[None]:
        """Hold the turn; wait for it up to `max_seconds`.

        Raises `ServerBusyError`, at once if enough threads wait already.
        """
        if not self._slots.acquire(blocking=False):
            raise build_busy_error()
        try:
            if not self._lock.acquire(timeout=max_seconds):
                raise build_busy_error()
            try:
                yield
            finally:
                self._lock.release()
        finally:
            self._slots.release()


def build_busy_error() -> ServerBusyError:
    """The error for a request that must come again later."""
    return ServerBusyError(
        "The server is computing too many large results.",
        context={"retryAfterSeconds": _RETRY_SECONDS},
    )
