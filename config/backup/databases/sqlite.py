"""SQLite, through its online backup API (https://www.sqlite.org/backup.html)."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from config.backup.databases.base import EXCLUDED_TABLE, MIGRATIONS, Select
from config.backup.errors import BackupDamagedError, BackupFileError
from config.backup.folder import DATABASES, BackupFolder


def _open_copy(path: Path) -> contextlib.closing[sqlite3.Connection]:
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    return contextlib.closing(sqlite3.connect(uri, uri=True))


def _copy_pages(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
        # One file without a write-ahead log, which can be opened read-only.
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute(f"DELETE FROM {EXCLUDED_TABLE}")  # noqa: S608 -- a constant
        copy.commit()
        (problem,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if problem != "ok":
            raise BackupDamagedError(f"The database is damaged: {problem}.")


class SqliteCopier:
    """Copies all pages in one read transaction. In WAL mode, writers do not wait for it."""

    engine = "sqlite"
    file_name = DATABASES[engine]

    def get_version(self) -> int:
        """Every SQLite 3 reads the files of the others."""
        return 0

    def check_can_dump(self) -> None:
        """The library is part of Python."""

    def check_can_restore(self, version: int) -> None:
        """The library is part of Python."""

    @contextlib.contextmanager
    def open_snapshot(self, folder: BackupFolder) -> Iterator[Select]:
        """Copy the pages, then query the copy. Raises `BackupDamagedError` if pages are invalid."""
        connection.ensure_connection()
        with folder.translate_errors(), folder.create_file(self.file_name) as part:
            try:
                _copy_pages(part)
            except sqlite3.Error as error:
                raise BackupFileError(
                    f"The database cannot be copied to `{folder.root}`: {error}."
                ) from error
        with _open_copy(folder.get_path(self.file_name)) as copy:
            yield copy.execute

    def find_table(self) -> str | None:
        """Tables of SQLite itself do not count."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
                " AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name LIMIT 1"
            )
            row = cursor.fetchone()
        return row[0] if row else None

    def check_file(self, path: Path, migrations: Sequence[str]) -> None:
        """Check the pages, and that the same migrations are applied as when the copy was made."""
        try:
            with _open_copy(path) as copy:
                (problem,) = copy.execute("PRAGMA quick_check(1)").fetchone()
                found = [f"{app}.{name}" for app, name in copy.execute(MIGRATIONS)]
        except sqlite3.Error as error:
            problem, found = str(error), []
        if problem == "ok" and found != list(migrations):
            problem = "it has other migrations than the backup"
        if problem != "ok":
            raise BackupDamagedError(
                f"`{path}` is not the database of a registry: {problem}.",
                hint="Restore another backup.",
            )

    def restore(self, path: Path) -> None:
        """Copy the pages into the database in one transaction: a killed process leaves it empty."""
        connection.ensure_connection()
        with _open_copy(path) as copy, connection.wrap_database_errors:
            copy.backup(connection.connection)
