"""Progress of transfers."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Reports the progress of one transfer. The thread that transfers calls its methods."""

    def start(self, label: str, *, total_bytes: int | None, done_bytes: int = 0) -> None:
        """Start a transfer; `done_bytes` are left from an earlier run."""

    def advance(self, size_bytes: int) -> None:
        """Add bytes that have been transferred."""

    def finish(self) -> None:
        """End the transfer, whether it succeeded or failed."""


class NoProgress:
    """For transfers whose progress is not shown."""

    def start(self, label: str, *, total_bytes: int | None, done_bytes: int = 0) -> None:
        pass

    def advance(self, size_bytes: int) -> None:
        pass

    def finish(self) -> None:
        pass
