"""Asking the engine in time, and leaving it alone for a moment when it does not answer."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from marketplace.search.engines import get_engine
from marketplace.search.engines.base import SearchEngine
from marketplace.search.errors import (
    IndexDamagedError,
    IndexMissingError,
    SearchUnavailableError,
)

_log = structlog.get_logger("plugport.search")
DEADLINE_SECONDS = 0.5
PAUSE_SECONDS = 2.0
_THREADS = 8
T = TypeVar("T")


@dataclass
class Breaker:
    """Open for `PAUSE_SECONDS` after a failure: nobody waits for an engine that just failed.

    When the pause is over one caller tries; if that fails, the others have not waited.
    """

    retry_at: float = 0.0
    has_failed: bool = False
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def may_try(self) -> bool:
        """Whether the engine should be asked."""
        if not self.has_failed:
            return True
        with self._guard:
            now = time.monotonic()
            if now < self.retry_at:
                return False
            self.retry_at = now + PAUSE_SECONDS
            return True

    def note(self, *, is_good: bool) -> None:
        """What came of it."""
        self.has_failed = not is_good
        if not is_good:
            self.retry_at = time.monotonic() + PAUSE_SECONDS


_breaker = Breaker()
_pool: tuple[int, ThreadPoolExecutor] | None = None
_making = threading.Lock()


def reset() -> None:
    """Forget past failures."""
    _breaker.note(is_good=True)


def ask(act: Callable[[SearchEngine], T]) -> T | None:
    """What the engine answers; None if it cannot, or not within `DEADLINE_SECONDS`.

    An embedded engine is asked in this thread, for it has nothing to wait for: if it was slow all
    the same, its answer counts, and the next callers leave it alone for a while.
    """
    if not _breaker.may_try():
        return None
    started = time.monotonic()
    try:
        engine = get_engine()
        answer = _ask_in_time(engine, act) if engine.is_remote else act(engine)
    except (IndexMissingError, IndexDamagedError) as error:
        # To look whether the index is back costs next to nothing.
        _log.debug("search_degraded", reason=error.code)
        return None
    except SearchUnavailableError as error:
        _breaker.note(is_good=False)
        _log.warning("search_degraded", reason=error.code, detail=error.detail)
        return None
    took = time.monotonic() - started
    _breaker.note(is_good=took <= DEADLINE_SECONDS)
    if took > DEADLINE_SECONDS:
        _log.warning("search_slow", milliseconds=round(took * 1000))
    return answer


def _ask_in_time(engine: SearchEngine, act: Callable[[SearchEngine], T]) -> T:
    """In another thread, so that not even an answer that trickles in is waited for."""
    future = _get_pool().submit(act, engine)
    try:
        return future.result(timeout=DEADLINE_SECONDS)
    except FutureTimeoutError:
        future.cancel()
        raise SearchUnavailableError(
            f"The search engine did not answer in {DEADLINE_SECONDS} s."
        ) from None


def _get_pool() -> ThreadPoolExecutor:
    """The threads of this process; a fork makes its own."""
    global _pool  # noqa: PLW0603 -- one pool a process is the point
    with _making:
        if _pool is None or _pool[0] != os.getpid():
            _pool = (os.getpid(), ThreadPoolExecutor(_THREADS, thread_name_prefix="search"))
        return _pool[1]
