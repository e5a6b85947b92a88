"""End a process together with the process that started it.

On Linux the kernel does it, even for a parent that was killed. SIGKILL, because a process that is
told to stop in order can take longer than a restart may wait for its port, and a check can take
longer than anyone waits. Nothing is lost: every process may be killed at any point.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 1.0


def build_child_setup() -> Callable[[], None]:
    """Return a function for a child to call between fork and exec: it is killed with this process.

    Call both from the main thread: the signal is sent when the *thread* that forked ends (prctl(2)).
    The C library is loaded here, because after the fork only async-signal-safe work is safe.
    """
    parent = os.getpid()
    set_death_signal = _build_death_signal_setter()

    def set_up() -> None:
        set_death_signal()
        # The signal is not sent for a parent that died before it was requested.
        if os.getppid() != parent:
            os._exit(1)

    return set_up


def exit_with_parent(parent: int) -> None:
    """Let this process be killed when the process `parent` ends, or exit now if it has ended.

    Call it from the main thread. Other systems than Linux check every second.
    """
    if sys.platform == "linux":
        _build_death_signal_setter()()
    else:
        threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _build_death_signal_setter() -> Callable[[], None]:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def set_death_signal() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return set_death_signal


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    # sys.exit would end only this thread.
    os._exit(1)
