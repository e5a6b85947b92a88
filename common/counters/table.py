"""Counters in a small SQLite file, shared by all processes of one machine, of which none is evicted.

For counts that protect an account or a mailbox, such as failed sign-ins: in a table of a fixed size
(`common.counters.windows`), an attacker could displace one of them with many others. Here a counter ends
with its window and not before. The file grows with the number of open windows: each costs about 200
bytes and at least one request that is limited itself.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# Another process holds the lock for one short transaction.
_BUSY_SECONDS = 1.0
# NORMAL: the last counts before a power loss may be lost, and the file stays intact.
_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "journal_size_limit=1048576")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS counters (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, ends_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS counters_ends_at ON counters (ends_at);
"""


class CounterTableError(OSError):
    """The file cannot be opened, read or written."""


class CounterTable:
    """Texts with an end, in seconds since the epoch. All methods raise `CounterTableError`.

    The file is opened at the first use. All threads share one connection: a call takes some
    microseconds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def find(self, key: str) -> tuple[str, float] | None:
        """The value and its end, or None."""
        with self._use() as connection:
            return _select(connection, key)

    def set(self, key: str, value: str, ends_at: float) -> None:
        """Store the value, or replace it."""
        with self._change() as connection:
            _store(connection, key, value, ends_at)

    def add(self, key: str, value: str, ends_at: float) -> bool:
        """Store the value and return True, unless the key has one."""
        with self._change() as connection:
            is_free = _select(connection, key) is None
            if is_free:
                _store(connection, key, value, ends_at)
        return is_free

    def increase(self, key: str, amount: int, window_seconds: float) -> int:
        """Add to a number and return it. A window starts with its first call."""
        with self._change() as connection:
            value, ends_at = _select(connection, key) or ("0", time.time() + window_seconds)
            count = int(value) + amount
            _store(connection, key, str(count), ends_at)
        return count

    def delete(self, key: str) -> bool:
        """Delete the value. Return whether there was one."""
        with self._change() as connection:
            return connection.execute("DELETE FROM counters WHERE key = ?", (key,)).rowcount > 0

    def clear(self) -> None:
        """Delete all values."""
        with self._change() as connection:
            connection.execute("DELETE FROM counters")

    @contextlib.contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._open()
                yield self._connection
            except sqlite3.Error as error:
                raise CounterTableError(f"{self._path}: {error}") from error

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """A transaction, which also deletes what has ended."""
        with self._use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.execute("DELETE FROM counters WHERE ends_at <= ?", (time.time(),))
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Only the owner may read it: the keys contain networks of clients.
            self._path.touch(mode=0o600)
        except OSError as error:
            raise CounterTableError(f"{self._path}: {error.strerror}") from error
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            connection.executescript(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _select(connection: sqlite3.Connection, key: str) -> tuple[str, float] | None:
    row: tuple[str, float] | None = connection.execute(
        "SELECT value, ends_at FROM counters WHERE key = ? AND ends_at > ?", (key, time.time())
    ).fetchone()
    return row


def _store(connection: sqlite3.Connection, key: str, value: str, ends_at: float) -> None:
    connection.execute(
        "INSERT INTO counters VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
        " value = excluded.value, ends_at = excluded.ends_at",
        (key, value, ends_at),
    )


_instances: dict[Path, CounterTable] = {}
_instances_lock = threading.Lock()


def get_counter_table(path: Path) -> CounterTable:
    """The instance of this process for the file."""
    with _instances_lock:
        return _instances.setdefault(path, CounterTable(path))
