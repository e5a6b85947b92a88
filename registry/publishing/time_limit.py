"""A time limit for work that may not return."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from registry.errors import WorkTimeoutError

T = TypeVar("T")


def run_with_timeout(seconds: float, work: Callable[[], T]) -> T:
    """Run `work` and return its result; raises `WorkTimeoutError` after `seconds` of wall time.

    Raises `RuntimeError` outside the main thread, which alone can be interrupted. The tasks of
    workers run there, and commands.
    """
    # A signal, because a thread could not stop a regular expression or a loop in a check. What
    # blocks in C without returning to the interpreter is left to the worker's hard time limit.
    if threading.current_thread() is not threading.main_thread():
        name = threading.current_thread().name
        raise RuntimeError(f"A time limit works in the main thread only, not in `{name}`.")

    is_over = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # A signal that was pending when the work returned must not hit the caller.
        if not is_over:
            raise WorkTimeoutError

    previous_handler = signal.signal(signal.SIGALRM, stop)
    try:
        # Repeated every second, for work that swallows the first exception.
        signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        return work()
    finally:
        is_over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous_handler)
