"""Runs several processes, restarts those that exit, and stops all of them together.

For one machine or container (`manage.py serve`, `manage.py run_workers`). Each child leads a
process group, so that its own children are stopped with it. On Linux it is killed when the
supervisor is killed (`common.processes.parent_watchdog`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

from common.processes.parent_watchdog import build_child_setup

_log = structlog.get_logger("plugport.supervisor")
_TICK_SECONDS = 0.1
# A worker that needs longer is killed; its job is repeated after the lease.
GRACE_SECONDS = 15.0
_MIN_PAUSE_SECONDS = 0.5
_MAX_PAUSE_SECONDS = 30.0
# A process with a broken configuration exits sooner.
_STABLE_SECONDS = 10.0


@dataclass
class Child:
    """One process: its command, when it was started, and when it may start again.

    Times are those of `time.monotonic`.
    """

    name: str
    command: Sequence[str]
    # The Unix socket on which it listens. A process that was killed leaves it behind, and the next one could not
    # bind it.
    socket: Path | None = None
    # It is stopped before the others, because it needs them to complete what it has in progress.
    stops_first: bool = False
    # In addition to those of the supervisor.
    variables: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    retry_at: float = 0.0
    pause_seconds: float = 0.0


@dataclass
class Supervisor:
    """Keeps `children` running until SIGINT or SIGTERM."""

    children: list[Child]
    environment: Mapping[str, str]
    folder: str
    on_tick: Callable[[], None] = lambda: None
    is_stopping: bool = field(default=False, init=False)
    _set_up_child: Callable[[], None] = field(default=lambda: None, init=False)

    def run(self) -> None:
        """Start all children and supervise them; returns when every process has exited."""
        self._set_up_child = build_child_setup()
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
        """Start the child if it is not running and its pause is over."""
        now = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            self._clean_up(child, child.process, code, now)
        if now >= child.retry_at:
            child.started_at = now
            if child.socket is not None:
                child.socket.unlink(missing_ok=True)
            child.process = subprocess.Popen(  # noqa: S603 -- our own command lines
                list(child.command),
                env={**self.environment, **child.variables},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                # Code between fork and exec is safe only because the supervisor has no threads.
                preexec_fn=self._set_up_child,  # noqa: PLW1509
            )

    def _clean_up(
        self, child: Child, process: subprocess.Popen[bytes], code: int, now: float
    ) -> None:
        """End what is left of a child that exited, and decide when it starts again.

        At once if it ran for a while. Otherwise the pause doubles with each exit, so that a broken
        configuration does not use a core.
        """
        # The main process is gone; its own children may hold the port or a lease.
        _signal_group(process, signal.SIGKILL)
        child.process = None
        if now - child.started_at > _STABLE_SECONDS:
            child.pause_seconds = 0.0
        else:
            child.pause_seconds = min(
                max(child.pause_seconds * 2, _MIN_PAUSE_SECONDS), _MAX_PAUSE_SECONDS
            )
        child.retry_at = now + child.pause_seconds
        log = _log.info if code == 0 else _log.warning
        log("process_ended", process=child.name, code=code, pause_seconds=child.pause_seconds)

    def _stop_all(self) -> None:
        """Stop the children with `stops_first`, then the others, and delete their sockets."""
        for is_first in (True, False):
            running = [
                child.process
                for child in self.children
                if child.process is not None and child.stops_first == is_first
            ]
            _stop_together(running)
        for child in self.children:
            if child.socket is not None:
                child.socket.unlink(missing_ok=True)


def _stop_together(running: Sequence[subprocess.Popen[bytes]]) -> None:
    """Send SIGTERM to each main process, wait, then kill what is left of the groups."""
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
