"""How long work tells whoever watches how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A watcher of one transfer. Calls come from the thread that does the work."""

    def start(self, label: str, *, total_bytes: int | None, done_bytes: int = 0) -> None:
        """A transfer begins; `done_bytes` were there from an earlier run."""

    def advance(self, size_bytes: int) -> None:
        """So many bytes more are done."""

    def finish(self) -> None:
        """The transfer is over, well or not."""


class NoProgress:
    """The watcher of work that nobody watches."""

    def start(self, label: str, *, total_bytes: int | None, done_bytes: int = 0) -> None:
        """Nothing to show."""

    def advance(self, size_bytes: int) -> None:
        """Nothing to show."""

    def finish(self) -> None:
        """Nothing to show."""
