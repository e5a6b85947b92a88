"""End a process together with the process that started it (Linux)."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 1.0


def build_death_signal_setter(number: int) -> Callable[[], None]:
    """Return a function that requests a signal from the kernel when the forking *thread* ends (0: none).

    Call the function in the child. The C library is loaded before the fork: after it, only
    async-signal-safe work is safe.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def set_death_signal() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, number)

    return set_death_signal


def exit_with_parent() -> None:
    """Check every second whether the parent still runs, and exit when it does not."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)
        # sys.exit would end only this thread.
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
