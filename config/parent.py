"""A process that ends with the process that started it (Linux)."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 1.0


def make_death_signal(number: int) -> Callable[[], None]:
    """A function that has the kernel send the signal when the *thread* that forked us ends; 0: none.

    The library is loaded here, so that the function does as little as one should after a fork.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def ask() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, number)

    return ask


def end_with_parent() -> None:
    """Look for the parent every second from a thread, and end this process once it is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
