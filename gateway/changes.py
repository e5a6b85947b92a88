"""Follow public changes: read the serial of the journal from the database ten times a second.

Reading is preferred to notifications: a response from the cache is correct only if the database
was reached a moment ago. A connection that waits for notifications cannot tell "no change" from
"no connection", and does not pass through a pooler.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import structlog

from common.gateway_protocol import CHANGED_PLUGINS_SQL, PUBLIC_STATE_SQL
from gateway.cache import ResponseCache
from gateway.options import GatewayOptions

_log = structlog.get_logger("plugport.gateway")
INTERVAL_SECONDS = 0.1
# The cache is used for at most this time after the state was read.
FRESH_SECONDS = 0.2
_READ_SECONDS = 2.0
# A request waits that long for a read, and is passed on after it.
_WAIT_SECONDS = 0.25
# More entries than that are not worth reading: everything is dropped.
_MAX_ENTRIES = 1_000

State = tuple[int, int]


class StateReader(ABC):
    """Reads the state of one database. Each method raises any exception if it fails."""

    async def read_state(self) -> State:
        """The serial of the journal, and the number of other public changes."""
        rows = await self._execute(PUBLIC_STATE_SQL)
        return cast("State", rows[0])

    async def read_changes(self, after: int, limit: int) -> Sequence[str]:
        """The plugins of at most `limit` entries of the journal after the serial `after`."""
        query = CHANGED_PLUGINS_SQL.format(after=int(after), limit=int(limit))
        return [row[0] for row in await self._execute(query)]

    @abstractmethod
    async def close(self) -> None:
        """Close the connection; the next read opens another one."""

    @abstractmethod
    async def _execute(self, query: str) -> list[tuple[Any, ...]]: ...


class SqliteReader(StateReader):
    """Reads in one thread of its own: a disk that hangs must not stop the event loop.

    A restore can put another file in place of the database, while this process still has the old one
    open. So each read first checks that the open file is the one at the path.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "changes")
        self._connection: sqlite3.Connection | None = None
        # Device and inode of the open file. The inode is not used again while the file is open.
        self._identity: tuple[int, int] | None = None

    async def close(self) -> None:
        """Close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)

    async def _execute(self, query: str) -> list[tuple[Any, ...]]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, query)

    def _read(self, query: str) -> list[tuple[Any, ...]]:
        if self._connection is None:
            # Before the file is opened: if it is replaced in between, the check below finds it.
            self._identity = self._identify_file()
            # Read only, and never created: it is the database of the registry or none.
            uri = f"file:{quote(self._path)}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, timeout=1, isolation_level=None)
        try:
            is_replaced = self._identify_file() != self._identity
        except OSError:
            self._close()
            raise
        if is_replaced:
            self._close()
            raise FileNotFoundError("The file of the database was replaced by another one.")
        return self._connection.execute(query).fetchall()

    def _identify_file(self) -> tuple[int, int]:
        status = Path(self._path).stat()
        return status.st_dev, status.st_ino

    def _close(self) -> None:
        self._identity = None
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


class PostgresReader(StateReader):
    """Reads over one connection. `parameters` are those of libpq."""

    def __init__(self, parameters: Mapping[str, str | int]) -> None:
        self._parameters: dict[str, Any] = {
            **parameters,
            "autocommit": True,
            "connect_timeout": 2,
            # Poolers in transaction mode keep no prepared statements.
            "prepare_threshold": None,
            "application_name": "plugport-gateway",
        }
        self._connection: Any = None
        # Reads that were given up, and still run.
        self._abandoned: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close()

    async def _execute(self, query: str) -> list[tuple[Any, ...]]:
        reading = asyncio.create_task(self._read(query))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            # When psycopg is canceled it waits for the server, up to ten seconds. Nobody waits for that.
            self._connection = None
            self._abandoned.add(reading)
            reading.add_done_callback(self._abandoned.discard)
            reading.cancel()
            raise

    async def _read(self, query: str) -> list[tuple[Any, ...]]:
        import psycopg  # only with PostgreSQL

        connection = self._connection
        if connection is None:
            connection = await psycopg.AsyncConnection.connect(**self._parameters)
            self._connection = connection
        try:
            cursor = await connection.execute(query)
            return cast("list[tuple[Any, ...]]", await cursor.fetchall())
        except BaseException:
            await connection.close()
            raise


def build_reader(options: GatewayOptions) -> StateReader:
    """The reader for the database of the options."""
    if options.postgres:
        return PostgresReader(options.postgres)
    return SqliteReader(options.sqlite_path)


class ChangeFollower:
    """Keeps a cache in step with the database."""

    def __init__(self, reader: StateReader, cache: ResponseCache) -> None:
        self._reader = reader
        self._cache = cache
        self._state: State | None = None
        self._read_at = float("-inf")
        self._reading: asyncio.Task[bool] | None = None
        self._is_reachable = True

    async def run(self) -> None:
        """Read until canceled."""
        try:
            while True:
                started = time.monotonic()
                await self.refresh()
                await asyncio.sleep(max(0.01, started + INTERVAL_SECONDS - time.monotonic()))
        finally:
            await self._reader.close()

    def is_fresh(self) -> bool:
        """Whether the state was read so recently that the cache may be used."""
        return time.monotonic() - self._read_at <= FRESH_SECONDS

    async def make_fresh(self) -> bool:
        """Whether the cache may be used. Reads the state if the last one is too old.

        A database that does not respond must not delay requests that Django can serve without it.
        """
        if self.is_fresh():
            return True
        if not self._is_reachable:
            return False
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                return await self.refresh()
        except TimeoutError:
            return False

    async def refresh(self) -> bool:
        """Read the state now, together with others who wait for it. Whether it succeeded.

        A read that already runs does not count: it may have begun before what the caller knows.
        """
        if self._reading is not None:
            await asyncio.wait([self._reading])
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def _read(self) -> bool:
        started = time.monotonic()
        try:
            async with asyncio.timeout(_READ_SECONDS):
                state = await self._reader.read_state()
                await self._apply(state)
        except Exception as error:  # noqa: BLE001 -- drivers raise many types; without a state the cache is not used
            if self._is_reachable:
                _log.warning("cache_bypassed", error=type(error).__name__)
            self._is_reachable = False
            self._state = None
            self._read_at = float("-inf")
            self._cache.clear()
            await self._close_reader()
            return False
        self._is_reachable = True
        self._read_at = started
        return True

    async def _apply(self, state: State) -> None:
        """Drop what the changes since the last state concern."""
        last, self._state = self._state, state
        if last == state:
            return
        serial, others = state
        if last is None or last[1] != others or serial < last[0]:
            # Changes outside the journal do not say what they concern; a smaller serial is a restore.
            self._cache.clear()
            return
        try:
            plugins = await self._reader.read_changes(last[0], _MAX_ENTRIES + 1)
        except BaseException:
            self._cache.clear()
            raise
        if len(plugins) > _MAX_ENTRIES:
            self._cache.clear()
        else:
            self._cache.record_change(set(plugins))

    async def _close_reader(self) -> None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1):
                await self._reader.close()
