"""A few threads that do what somebody else waits for, and no longer than they want to.

Made for thousands of short calls a second: the library's pools take several times as long a call,
and a process that ends would wait for a thread of theirs that hangs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class HelpersBusyError(Exception):
    """Every thread is at something, or hangs in it."""


class _Call:
    """What to do, and what came of it once `finished` is free."""

    __slots__ = ("act", "error", "finished", "value")

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act
        self.value: Any = None
        self.error: BaseException | None = None
        self.finished = threading.Lock()
        self.finished.acquire()


class Helpers:
    """At most `most` threads, started as they are needed. Whoever finds all of them busy is told."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._threads = 0
        self._busy = 0

    def run(self, act: Callable[[], T], *, seconds: float) -> T:
        """What `act` returns or raises, in another thread.

        Raises `TimeoutError` after `seconds`: the thread goes on and is busy until `act` ends.
        Raises `HelpersBusyError` at once if there is no free thread.
        """
        self._take_thread()
        call = _Call(act)
        self._calls.put(call)
        if not call.finished.acquire(timeout=seconds):
            raise TimeoutError
        if call.error is not None:
            raise call.error
        value: T = call.value
        return value

    def _take_thread(self) -> None:
        with self._guard:
            if self._busy == self._most:
                raise HelpersBusyError
            if self._busy == self._threads:
                self._start_thread()
            self._busy += 1

    def _start_thread(self) -> None:
        try:
            threading.Thread(target=self._work, name="search-helper", daemon=True).start()
        except RuntimeError:  # the system gives no more
            raise HelpersBusyError from None
        self._threads += 1

    def _work(self) -> None:
        while True:
            call = self._calls.get()
            try:
                call.value = call.act()
            except BaseException as error:  # noqa: BLE001 -- raised where it is waited for
                call.error = error
            with self._guard:
                self._busy -= 1
            call.finished.release()
            del call
