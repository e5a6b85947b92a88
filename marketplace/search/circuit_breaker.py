"""Calls to the search engine with a deadline, and a pause after a failure.

`pybreaker` was considered: it holds its lock during the call, which would run searches of a process
one after the other, and it has no deadline.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from marketplace.search.engines import get_engine
from marketplace.search.engines.base import SearchEngine
from marketplace.search.errors import (
    IndexDamagedError,
    IndexMissingError,
    PoolBusyError,
    SearchUnavailableError,
)
from marketplace.search.timeout_pool import TimeoutPool

_log = structlog.get_logger("plugport.search")
DEADLINE_SECONDS = 0.5
RESET_SECONDS = 2.0
# More than the web threads of a process, so that a healthy engine never finds the pool full.
_MAX_THREADS = 16
T = TypeVar("T")


class CircuitBreaker:
    """Calls an engine, and refuses calls for `reset_seconds` after a failure.

    After that one caller tries the engine while the others are still refused. Calls run in another
    thread, because neither a hanging disk nor a hanging network can be interrupted. Threads that
    hang count against `max_threads`; when all of them hang, calls fail at once.
    """

    def __init__(
        self,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        reset_seconds: float = RESET_SECONDS,
        max_threads: int = _MAX_THREADS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._reset_seconds = reset_seconds
        self._pool = TimeoutPool(max_threads)
        self._lock = threading.Lock()
        self._has_failed = False
        self._retry_at = 0.0

    def call(self, engine: SearchEngine, act: Callable[[SearchEngine], T]) -> T | None:
        """The result of `act`; None if the engine fails, is too slow, or failed a moment ago."""
        if not self._can_try():
            return None
        try:
            result = self._run(lambda: act(engine))
        except (IndexMissingError, IndexDamagedError) as error:
            # No pause: the check for a new index is cheap, and the worker rebuilds it soon.
            _log.debug("search_degraded", reason=error.code)
            return None
        except SearchUnavailableError as error:
            self._has_failed = True
            self._retry_at = self._clock() + self._reset_seconds
            _log.warning("search_degraded", reason=error.code, detail=error.detail, hint=error.hint)
            return None
        self._has_failed = False
        return result

    def _can_try(self) -> bool:
        # Without the lock, because this is on the path of every search of a healthy engine.
        if not self._has_failed:
            return True
        with self._lock:
            now = self._clock()
            if now < self._retry_at:
                return False
            self._retry_at = now + self._reset_seconds
            return True

    def _run(self, act: Callable[[], T]) -> T:
        try:
            return self._pool.run(act, seconds=self._deadline_seconds)
        except TimeoutError:
            raise SearchUnavailableError(
                f"The search engine did not respond within {self._deadline_seconds} s."
            ) from None
        except PoolBusyError:
            raise SearchUnavailableError(
                "The search engine did not respond to earlier calls."
            ) from None


_breaker = CircuitBreaker()


def reset() -> None:
    """Reset after past failures and hanging threads."""
    global _breaker  # noqa: PLW0603 -- one breaker for each process
    _breaker = CircuitBreaker()


# A fork has none of its parent's threads, and may have a lock that is never released.
os.register_at_fork(after_in_child=reset)


def call_engine(act: Callable[[SearchEngine], T]) -> T | None:
    """Call the configured engine with the breaker of this process; see `CircuitBreaker.call`."""
    return _breaker.call(get_engine(), act)
