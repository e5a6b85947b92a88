"""A thread pool for calls with a deadline.

Made for thousands of short calls a second. `concurrent.futures.ThreadPoolExecutor` costs several
times as much for each call, and at exit the interpreter waits for its threads, even hanging ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from marketplace.search.errors import PoolBusyError

T = TypeVar("T")


class _Call:
    """A function to call, and its result once `finished` is released."""

    __slots__ = ("act", "error", "finished", "value")

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act
        self.value: Any = None
        self.error: BaseException | None = None
        # Cheaper than `threading.Event`, which consists of a lock and a condition.
        self.finished = threading.Lock()
        self.finished.acquire()


class TimeoutPool:
    """At most `max_threads` threads, started when they are needed."""

    def __init__(self, max_threads: int) -> None:
        self._max_threads = max_threads
        self._lock = threading.Lock()
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._threads = 0
        self._busy = 0

    def run(self, act: Callable[[], T], *, seconds: float) -> T:
        """Call `act` in another thread; return its result or raise its error.

        Raises `TimeoutError` after `seconds`; the thread stays busy until `act` returns. Raises
        `PoolBusyError` at once if no thread is free.
        """
        self._reserve_thread()
        call = _Call(act)
        self._calls.put(call)
        if not call.finished.acquire(timeout=seconds):
            raise TimeoutError
        if call.error is not None:
            raise call.error
        value: T = call.value
        return value

    def _reserve_thread(self) -> None:
        with self._lock:
            if self._busy == self._max_threads:
                raise PoolBusyError
            if self._busy == self._threads:
                self._start_thread()
            self._busy += 1

    def _start_thread(self) -> None:
        try:
            threading.Thread(target=self._work, name="search-call", daemon=True).start()
        except RuntimeError:  # the limit of the operating system
            raise PoolBusyError from None
        self._threads += 1

    def _work(self) -> None:
        while True:
            call = self._calls.get()
            try:
                call.value = call.act()
            except BaseException as error:  # noqa: BLE001 -- raised in the calling thread
                call.error = error
            with self._lock:
                self._busy -= 1
            call.finished.release()
            # Otherwise the result stays in memory until the next call.
            del call
