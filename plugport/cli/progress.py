"""Transfer progress on a terminal: bytes, rate and remaining time.

rich is imported when a transfer takes long, because the import takes longer than most transfers.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from plugport.client.progress import NoProgress, Progress
from plugport.environment.variables import is_dumb_terminal

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

# A bar that is deleted sooner could not be read.
DELAY_SECONDS = 0.3


def build_progress(*, is_wanted: bool) -> Progress:
    """A progress bar if stderr is a terminal, else no output."""
    # Logs and CI output would contain each redrawn bar as a line of its own.
    can_draw = sys.stderr.isatty() and not is_dumb_terminal()
    return TerminalProgress() if is_wanted and can_draw else NoProgress()


class TerminalProgress:
    """One bar at a time on stderr, drawn after `DELAY_SECONDS` and deleted when its transfer ends."""

    def __init__(self) -> None:
        # Held while a bar is drawn or changed: the timer draws it in a thread of its own.
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._bars: RichProgress | None = None
        self._task: TaskID | None = None
        self._done_bytes = 0

    def start(self, label: str, *, total_bytes: int | None, done_bytes: int = 0) -> None:
        """Begin a transfer. A resumed one starts again with more `done_bytes`."""
        self.finish()
        self._done_bytes = done_bytes
        self._timer = threading.Timer(DELAY_SECONDS, self._draw, (label, total_bytes))
        # The program does not wait for it.
        self._timer.daemon = True
        self._timer.start()

    def advance(self, size_bytes: int) -> None:
        with self._lock:
            self._done_bytes += size_bytes
            if self._bars is not None and self._task is not None:
                self._bars.update(self._task, completed=self._done_bytes)

    def finish(self) -> None:
        """Remove the bar from the terminal."""
        if self._timer is None:
            return
        self._timer.cancel()
        # It may be drawing at this moment.
        self._timer.join()
        self._timer = None
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None

    def _draw(self, label: str, total_bytes: int | None) -> None:
        bars = _build_bars()
        with self._lock:
            self._task = bars.add_task(label, total=total_bytes, completed=self._done_bytes)
            bars.start()
            self._bars = bars


def _build_bars() -> RichProgress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as RichProgress

    return RichProgress(
        # Without markup: a label contains names from the registry.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        # The command itself prints the result.
        transient=True,
    )
