"""Stopping work that takes too long."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class TimeboxError(Exception):
    """The work was stopped at its time limit."""


def run_within(seconds: float, work: Callable[[], T]) -> T:
    """Run `work` and return its result; raises `TimeboxError` after `seconds` of wall time.

    The limit is a signal, which only the main thread can take: the worker's tasks and the
    commands run there. In another thread (a test's) the work runs without it. The signal comes
    again every second, for work that swallows the first exception.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()

    is_over = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if not is_over:
            raise TimeboxError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        return work()
    finally:
        is_over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
