"""Stop calling a service that hangs, for a moment."""

from __future__ import annotations

import threading
import time

PAUSE_SECONDS = 5.0


class Suspension:
    """After a call that timed out, further calls fail at once for `seconds`; then one tries again.

    While that one waits, for at most `trial_seconds`, the others keep failing at once.
    """

    def __init__(self, *, seconds: float, trial_seconds: float) -> None:
        self._seconds = seconds
        self._trial_seconds = trial_seconds
        self._lock = threading.Lock()
        self._until = 0.0
        self._trial_thread = 0

    def allows_call(self) -> bool:
        """Whether this thread may call the service now."""
        if not self._until:
            return True
        now, thread = time.monotonic(), threading.get_ident()
        with self._lock:
            if not self._until or self._trial_thread == thread:
                return True
            if now < self._until:
                return False
            self._until, self._trial_thread = now + self._trial_seconds, thread
            return True

    def start(self) -> None:
        """The service did not respond in time."""
        with self._lock:
            self._until, self._trial_thread = time.monotonic() + self._seconds, 0

    def end(self) -> None:
        """The service responded."""
        if self._until:
            with self._lock:
                self._until, self._trial_thread = 0.0, 0
