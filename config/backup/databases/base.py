"""The interface of a copier. The tests of the commands run with each implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from config.backup.folder import BackupFolder

# The position of the search index. A restored registry has no index, or one of another time.
EXCLUDED_TABLE = "marketplace_searchcursor"

MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"
Select = Callable[[str], Iterable[tuple[Any, ...]]]


class DatabaseCopier(Protocol):
    """Copies the whole database to a file and back."""

    # In the marker.
    engine: str
    file_name: str

    def get_version(self) -> int:
        """The major version of the server; 0 if there is none."""

    def check_can_dump(self) -> None:
        """Raise `BackupToolError` if a program is missing or older than the server."""

    def check_can_restore(self, version: int) -> None:
        """Raise `BackupToolError` like `check_can_dump`.

        Raises `BackupUnsupportedError` if the server is older than `version`, the one of the copy.
        """

    def open_snapshot(self, folder: BackupFolder) -> AbstractContextManager[Select]:
        """Write the copy, and yield a function that runs SELECT statements on the same snapshot.

        The registry keeps writing meanwhile. Rows are not held in memory.
        """

    def find_table(self) -> str | None:
        """The name of any table in the database."""

    def check_file(self, path: Path, migrations: Sequence[str]) -> None:
        """Raise `BackupDamagedError` unless the file is a copy of a registry's database.

        `migrations` are those of the marker.
        """

    def restore(self, path: Path) -> None:
        """Load the copy into the empty database, completely or not at all."""
