"""Asking the engine in time, and leaving it alone for a moment when it does not answer."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
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
from marketplace.search.helpers import Helpers, HelpersBusyError

_log = structlog.get_logger("plugport.search")
DEADLINE_SECONDS = 0.5
PAUSE_SECONDS = 2.0
# More than there are web threads in a process, so that none waits for one that is well.
_THREADS = 16
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
_helpers = Helpers(_THREADS)


def _renew_helpers() -> None:
    """Threads stay behind in a fork."""
    global _helpers  # noqa: PLW0603 -- one set a process is the point
    _helpers = Helpers(_THREADS)


os.register_at_fork(after_in_child=_renew_helpers)


def reset() -> None:
    """Forget past failures."""
    _breaker.note(is_good=True)


def ask(act: Callable[[SearchEngine], T]) -> T | None:
    """What the engine answers; None if it cannot, or not within `DEADLINE_SECONDS`.

    It is asked in another thread, so that neither a network nor a disk that hangs is waited for.
    Threads that hang are counted: when all of them do, nobody is kept waiting for one more.
    """
    if not _breaker.may_try():
        return None
    try:
        answer = _ask_in_time(get_engine(), act)
    except (IndexMissingError, IndexDamagedError) as error:
        # To look whether the index is back costs next to nothing.
        _log.debug("search_degraded", reason=error.code)
        return None
    except SearchUnavailableError as error:
        _breaker.note(is_good=False)
        _log.warning("search_degraded", reason=error.code, detail=error.detail)
        return None
    _breaker.note(is_good=True)
    return answer


def _ask_in_time(engine: SearchEngine, act: Callable[[SearchEngine], T]) -> T:
    try:
        return _helpers.run(lambda: act(engine), seconds=DEADLINE_SECONDS)
    except TimeoutError:
        raise SearchUnavailableError(
            f"The search engine did not answer in {DEADLINE_SECONDS} s."
        ) from None
    except HelpersBusyError:
        raise SearchUnavailableError(
            "The search engine has not answered those who asked before."
        ) from None
