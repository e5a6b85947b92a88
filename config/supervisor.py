"""Runs several processes, restarts those that exit, and stops all of them together.

For one machine (`manage.py serve`). In production each process has its own container or unit.
Each child leads a process group, so that its own children are stopped with it. On Linux it also
receives a signal when the supervisor dies, so that a `kill -9` leaves no process running.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

import structlog

from config.parent_watchdog import build_death_signal_setter

_log = structlog.get_logger("plugport.supervisor")
_TICK_SECONDS = 0.1
# A worker that needs longer is killed; its job is repeated after the lease.
GRACE_SECONDS = 15.0
_MIN_PAUSE_SECONDS = 0.5
_MAX_PAUSE_SECONDS = 30.0
_STABLE_SECONDS = 60.0


@dataclass
class Child:
    """One process: its command, when it was started, and when it may start again.

    Times are those of `time.monotonic`.
    """

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    retry_at: float = 0.0
    pause_seconds: float = _MIN_PAUSE_SECONDS


def _build_child_setup(supervisor_pid: int) -> Callable[[], None]:
    """Return a function for the child to call before exec: it exits when the supervisor exits."""
    set_death_signal = build_death_signal_setter(signal.SIGTERM)

    def set_up() -> None:
        set_death_signal()
        # The signal is not sent for a supervisor that died before it was requested.
        if os.getppid() != supervisor_pid:
            os._exit(1)

    return set_up


@dataclass
class Supervisor:
    """Keeps `children` running until SIGINT or SIGTERM."""

    children: list[Child]
    environment: Mapping[str, str]
    folder: str
    on_tick: Callable[[], None]
    is_stopping: bool = field(default=False, init=False)

    def run(self) -> None:
        """Start all children and supervise them; returns when every process has exited."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        try:
            while not self.is_stopping:
                for child in self.children:
                    self._start_if_due(child)
                self.on_tick()
                time.sleep(_TICK_SECONDS)
        finally:
            self._stop_all()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True

    def _start_if_due(self, child: Child) -> None:
        """Start the child if it is not running and its pause is over.

        The pause doubles with each early exit, so that a broken configuration does not use a core.
        """
        now = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            _log.warning("process_died", process=child.name, code=code)
            # The main process is gone; its own children may hold the port or a lease.
            _signal_group(child.process, signal.SIGKILL)
            child.process = None
            was_stable = now - child.started_at > _STABLE_SECONDS
            child.pause_seconds = (
                _MIN_PAUSE_SECONDS
                if was_stable
                else min(child.pause_seconds * 2, _MAX_PAUSE_SECONDS)
            )
            child.retry_at = now + child.pause_seconds
        if now >= child.retry_at:
            child.started_at = now
            child.process = subprocess.Popen(  # noqa: S603 -- our own command lines
                list(child.command),
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                # Code between fork and exec is safe only because the supervisor has no threads.
                preexec_fn=_build_child_setup(os.getpid()),  # noqa: PLW1509
            )

    def _stop_all(self) -> None:
        """Send SIGTERM to each main process, wait, then kill what is left of the groups."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            # Only the main process, which stops its children in order. All at once comes last.
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, until - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send the signal to the processes that are left of the child's group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
