"""Calls of services for `/readyz`, at the same time and with one deadline for all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

import structlog

from common.http.errors import StorageFullError

_log = structlog.get_logger("plugport.health")


class _Answer:
    """The state of a service once `is_known` is set."""

    def __init__(self) -> None:
        self.is_known = threading.Event()
        self.state = "missing"


class Probe:
    """Calls `ping` in one thread, which keeps its connections.

    A ping that hangs is not started again: later requests wait for the same one.
    """

    def __init__(self, name: str, ping: Callable[[], None]) -> None:
        self._name = name
        self._ping = ping
        self._lock = threading.Lock()
        self._requests: SimpleQueue[_Answer] = SimpleQueue()
        self._open: _Answer | None = None
        self._has_thread = False

    def start(self) -> _Answer:
        """Start a ping, unless one is running."""
        with self._lock:
            if self._open is None:
                self._open = _Answer()
                self._requests.put(self._open)
            if not self._has_thread:
                threading.Thread(target=self._work, name=f"probe-{self._name}", daemon=True).start()
                self._has_thread = True
            return self._open

    def get_state(self, answer: _Answer, until: float) -> str:
        """`ok`, `full` or `missing`; the latter also if there is no answer at `until` (monotonic)."""
        if not answer.is_known.wait(max(0.0, until - time.monotonic())):
            _log.warning("part_missing", part=self._name, error="timeout")
            return "missing"
        return answer.state

    def _work(self) -> None:
        while True:
            answer = self._requests.get()
            answer.state = call_ping(self._name, self._ping)
            with self._lock:
                self._open = None
            answer.is_known.set()


def call_ping(name: str, ping: Callable[[], None]) -> str:
    """`ok`, `full` or `missing`. A failure is logged."""
    try:
        ping()
    except StorageFullError:
        _log.warning("part_full", part=name)
        return "full"
    except Exception as error:  # noqa: BLE001 -- drivers raise many types; all mean the same here
        _log.warning("part_missing", part=name, error=type(error).__name__)
        return "missing"
    return "ok"
