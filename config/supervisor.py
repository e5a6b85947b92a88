"""Runs a few processes side by side, starts again what dies, and ends all of them together.

For one machine (`manage.py serve`); in production each process has a container or unit of its
own. Every child leads a process group, so that what it forked goes with it, and asks the kernel
(Linux) to be told when this process dies, so that a `kill -9` here leaves nothing running.
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

from config.parent import make_death_signal

_log = structlog.get_logger("plugport.supervisor")
_TICK_SECONDS = 0.1
GRACE_SECONDS = 15.0
_LEAST_PAUSE_SECONDS = 0.5
_MOST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0


@dataclass
class Child:
    """One process to keep alive: its command, and when it was started and may start again."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    retry_at: float = 0.0
    pause_seconds: float = _LEAST_PAUSE_SECONDS


def _make_follower(supervisor_pid: int) -> Callable[[], None]:
    """What a child does before its program starts: ask to end when the supervisor ends."""
    ask = make_death_signal(signal.SIGTERM)

    def follow() -> None:
        ask()
        if os.getppid() != supervisor_pid:  # it died before the line above
            os._exit(1)

    return follow


@dataclass
class Supervisor:
    """Keeps `children` running until SIGINT or SIGTERM."""

    children: list[Child]
    environment: Mapping[str, str]
    folder: str
    on_tick: Callable[[], None]
    is_stopping: bool = field(default=False, init=False)

    def run(self) -> None:
        """Start everything and watch; returns when every process has ended."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        try:
            while not self.is_stopping:
                for child in self.children:
                    self._tend(child)
                self.on_tick()
                time.sleep(_TICK_SECONDS)
        finally:
            self._end_all()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True

    def _tend(self, child: Child) -> None:
        """Start the child if it is not running and its pause is over."""
        now = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            _log.warning("process_died", process=child.name, code=code)
            _signal_group(child.process, signal.SIGKILL)
            child.process = None
            steady = now - child.started_at > _STEADY_SECONDS
            child.pause_seconds = (
                _LEAST_PAUSE_SECONDS
                if steady
                else min(child.pause_seconds * 2, _MOST_PAUSE_SECONDS)
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
                # No thread runs here when children start, which is what makes this safe.
                preexec_fn=_make_follower(os.getpid()),  # noqa: PLW1509
            )

    def _end_all(self) -> None:
        """Ask each main process to end, then end what is left of their groups."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, until - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal whatever is left of the group that the process led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
