"""Progress of transfers on a terminal: bytes, rate and time left. rich is imported when one starts."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from plugport.client.progress import NoProgress, Progress

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


def make_progress(*, is_wanted: bool) -> Progress:
    """Bars where somebody can see them move."""
    can_draw = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return TerminalProgress() if is_wanted and can_draw else NoProgress()


class TerminalProgress:
    """One bar at a time on stderr, gone when its transfer is over."""

    def __init__(self) -> None:
        self._bars: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, label: str, *, total_bytes: int | None, done_bytes: int = 0) -> None:
        """Show a bar; a second start of the same transfer sets it to where it resumes."""
        # A resumed transfer starts again, from further on.
        self.finish()
        self._bars = _make_bars()
        self._task = self._bars.add_task(label, total=total_bytes, completed=done_bytes)
        self._bars.start()

    def advance(self, size_bytes: int) -> None:
        """Move the bar."""
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, size_bytes)

    def finish(self) -> None:
        """Take the bar away."""
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None


def _make_bars() -> RichProgress:
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
        # markup off: a label holds names that strangers chose.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        # What is over is told by the command itself, in words that last.
        transient=True,
    )
