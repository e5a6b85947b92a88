"""One kind of background thread for the whole server."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections.abc import Callable
from multiprocessing.util import Finalize

import structlog
from django.db import close_old_connections, connections

_log = structlog.get_logger("plugport.background")
# The process does not wait longer than this for the last rounds of all threads when it ends. Granian
# kills a web worker that takes longer than ten seconds.
_EXIT_SECONDS = 5.0
_start_lock = threading.Lock()
_running: list[BackgroundThread] = []
_exit_hook: Finalize | None = None


def _reset_after_fork() -> None:
    """Start without threads: a fork copies locks, but not the threads that would release them."""
    global _start_lock, _exit_hook  # noqa: PLW0603 -- one of each for each process
    _start_lock = threading.Lock()
    _exit_hook = None
    _running.clear()


os.register_at_fork(after_in_child=_reset_after_fork)


def _stop_all() -> None:
    """End all threads of this process: their last rounds run at the same time."""
    until = time.monotonic() + _EXIT_SECONDS
    threads = list(_running)
    for thread in threads:
        thread.request_stop()
    for thread in threads:
        thread.stop(timeout_seconds=max(0.0, until - time.monotonic()))


class BackgroundThread:
    """Calls `run` repeatedly in one daemon thread of each process.

    `run` may return how many seconds to wait until the next round; otherwise the thread waits
    `interval_seconds`. With `interval_seconds` None it waits until `wake` is called. An exception
    ends the round and not the thread: it is logged as `error_event`, and the next round follows
    after `retry_seconds`.

    Threads do not survive a fork. A child process gets its own thread when it calls `start`.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[], float | None],
        *,
        error_event: str,
        interval_seconds: float | None = None,
        retry_seconds: float | None = None,
        wake_delay_seconds: float = 0.0,
        runs_at_start: bool = False,
        runs_at_exit: bool = False,
    ) -> None:
        self._name = name
        self._run = run
        self._error_event = error_event
        self._interval_seconds = interval_seconds
        self._retry_seconds = interval_seconds if retry_seconds is None else retry_seconds
        # Rounds after wake-ups are at least this far apart: wake-ups in between share one.
        self._wake_delay_seconds = wake_delay_seconds
        self._last_round_at = -math.inf
        self._runs_at_start = runs_at_start
        self._runs_at_exit = runs_at_exit
        self._thread: threading.Thread | None = None
        self._process_id = os.getpid()
        self._wake_event = threading.Event()
        self._is_stopping = False

    def is_running(self) -> bool:
        """Whether the thread of this process was started and not stopped."""
        return self._thread is not None and self._process_id == os.getpid()

    def start(self) -> None:
        """Start the thread, unless this process already has it."""
        if self.is_running():
            return
        global _exit_hook  # noqa: PLW0603 -- one for each process
        with _start_lock:
            if self.is_running():
                return
            if self._process_id != os.getpid():
                # A thread of the parent may have held the event's inner lock during the fork.
                self._wake_event = threading.Event()
                self._thread = None
                self._process_id = os.getpid()
            self._is_stopping = False
            thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
            thread.start()
            self._thread = thread
            _running.append(self)
            if _exit_hook is None:
                # Web workers are children of `multiprocessing`, which end without `atexit`.
                # Finalizers run there and, at the end of any other process, from `atexit`.
                _exit_hook = Finalize(None, _stop_all, exitpriority=0)

    def wake(self) -> None:
        """Start the next round now instead of after the interval."""
        self._wake_event.set()

    def request_stop(self) -> None:
        """Let the thread end after its round, and after a last one with `runs_at_exit`."""
        self._is_stopping = True
        self._wake_event.set()

    def stop(self, *, timeout_seconds: float = _EXIT_SECONDS) -> None:
        """Request the end of the thread and wait for it up to the timeout.

        Happens by itself when the process ends. Does nothing in a process that has no such thread,
        such as a forked child that has not started its own.
        """
        if not self.is_running() or self._thread is None:
            return
        self.request_stop()
        self._thread.join(timeout_seconds)
        self._thread = None
        with contextlib.suppress(ValueError):
            _running.remove(self)

    def _loop(self) -> None:
        pause = 0.0 if self._runs_at_start else self._interval_seconds
        try:
            while self._wait(pause):
                pause = self._run_once()
            if self._runs_at_exit:
                self._run_once()
        finally:
            # A connection belongs to its thread, so no other thread can close this one.
            connections.close_all()

    def _wait(self, seconds: float | None) -> bool:
        """Whether another round follows."""
        if self._wake_event.wait(seconds) and not self._is_stopping:
            # The first wake-up after a while leads to a round at once.
            earliest = self._last_round_at + self._wake_delay_seconds
            time.sleep(max(0.0, earliest - time.monotonic()))
        # Cleared before the round: a wake-up during it leads to another one.
        self._wake_event.clear()
        return not self._is_stopping

    def _run_once(self) -> float | None:
        try:
            pause = self._run()
        except Exception:  # noqa: BLE001 -- logged; one failed round must not end all later ones
            _log.exception(self._error_event)
            return self._retry_seconds
        finally:
            # As at the end of a request: a broken connection is replaced in the next round.
            close_old_connections()
            self._last_round_at = time.monotonic()
        return self._interval_seconds if pause is None else pause
