"""Transfer progress on a terminal: bytes, rate and remaining time.

rich is imported when a transfer starts, because the import takes longer than most commands.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from plugport.client.progress import NoProgress, Progress
from plugport.environment.variables import is_dumb_terminal

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


def build_progress(*, is_wanted: bool) -> Progress:
    """A progress bar if stderr is a terminal, else no output."""
    # Logs and CI output would contain each redrawn bar as a line of its own.
    can_draw = sys.stderr.isatty() and not is_dumb_terminal()
    return TerminalProgress() if is_wanted and can_draw else NoProgress()


class TerminalProgress:
    """One bar at a time on stderr, deleted when its transfer ends."""

    def __init__(self) -> None:
        self._bars: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, label: str, *, total_bytes: int | None, done_bytes: int = 0) -> None:
        """Draw a bar. A resumed transfer starts again with more `done_bytes`."""
        self.finish()
        self._bars = _build_bars()
        self._task = self._bars.add_task(label, total=total_bytes, completed=done_bytes)
        self._bars.start()

    def advance(self, size_bytes: int) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, size_bytes)

    def finish(self) -> None:
        """Remove the bar from the terminal."""
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None


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
