"""The gateway follows the public changes in a SQLite file, also when another file replaces it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from gateway.cache import Key, ResponseCache
from gateway.changes import ChangeFollower, SqliteReader
from gateway.entries import Entry

PLUGINS = ("a", "b")
# Of plugins, and of a list of all.
PAGES = (*PLUGINS, "")
TABLES = """
CREATE TABLE registry_journalhead (id INTEGER PRIMARY KEY, last_serial INTEGER);
CREATE TABLE registry_journalentry (serial INTEGER PRIMARY KEY, plugin TEXT);
CREATE TABLE registry_changecounter (count INTEGER);
INSERT INTO registry_journalhead VALUES (1, 0);
INSERT INTO registry_changecounter VALUES (0), (5);
"""


def execute(path: Path, statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements)


def build_database(path: Path, *, journal_mode: str = "WAL", serial: int = 0) -> Path:
    execute(path, f"PRAGMA journal_mode = {journal_mode};{TABLES}")
    for _ in range(serial):
        change(path, "old")
    return path


def change(path: Path, *plugins: str) -> None:
    """Change plugins: an entry of the journal for each."""
    for plugin in plugins:
        execute(
            path,
            f"""
            BEGIN IMMEDIATE;
            UPDATE registry_journalhead SET last_serial = last_serial + 1;
            INSERT INTO registry_journalentry SELECT last_serial, '{plugin}' FROM registry_journalhead;
            COMMIT;
            """,
        )


def move(source: Path, target: Path) -> None:
    """Like `mv` of the file alone: what SQLite keeps beside it stays."""
    source.replace(target)


def is_file(path: Path) -> bool:
    return path.exists()


class World:
    """A database, and a cache that follows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cache = ResponseCache(1_000_000)
        self.reader = SqliteReader(str(path))
        self.follower = ChangeFollower(self.reader, self.cache)

    async def start(self) -> None:
        """Read once and store one answer for each page."""
        assert await self.follower.refresh()
        self.fill()

    def fill(self) -> None:
        """Store an answer for each page."""
        for page in PAGES:
            assert self.store(page, self.cache.change_number)

    def store(self, page: str, change_number: int) -> bool:
        entry = Entry([], b"x", change_number, time.monotonic() + 60, plugin=page)
        return self.cache.store(build_key(page), {}, (), entry)

    def list_pages(self) -> list[str]:
        return [page for page in PAGES if self.cache.find(build_key(page), {}) is not None]


def build_key(page: str) -> Key:
    return (page, b"host", b"")


def follow(path: Path, test: Callable[[World], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        world = World(path)
        try:
            await test(world)
        finally:
            await world.reader.close()

    asyncio.run(run())


@pytest.fixture(params=["WAL", "DELETE"])
def database(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return build_database(tmp_path / "registry #1?.sqlite3", journal_mode=request.param, serial=3)


def test_without_a_change_everything_stays(database: Path) -> None:
    async def test(world: World) -> None:
        assert not world.follower.is_fresh()
        await world.start()
        assert world.follower.is_fresh()
        for _ in range(3):
            assert await world.follower.refresh()
        assert world.list_pages() == [*PAGES]

    follow(database, test)


def test_a_changed_plugin_drops_its_pages_and_those_of_all(database: Path) -> None:
    async def test(world: World) -> None:
        await world.start()
        requested_at = world.cache.change_number
        change(database, "a", "c", "a")
        assert await world.follower.refresh()
        assert world.list_pages() == ["b"]
        # Requested before the change: only what it does not concern is still stored.
        assert [page for page in PAGES if world.store(page, requested_at)] == ["b"]
        world.fill()
        change(database, "b")
        assert await world.follower.refresh()
        assert world.list_pages() == ["a"]

    follow(database, test)


def test_a_change_outside_the_journal_drops_everything(database: Path) -> None:
    async def test(world: World) -> None:
        await world.start()
        execute(database, "UPDATE registry_changecounter SET count = count + 1 WHERE count = 0")
        assert await world.follower.refresh()
        assert world.list_pages() == []

    follow(database, test)


def test_more_changes_than_are_worth_reading_drop_everything(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.changes._MAX_ENTRIES", 2)

    async def test(world: World) -> None:
        await world.start()
        change(database, "c", "c")
        assert await world.follower.refresh()
        assert world.list_pages() == [*PLUGINS]
        change(database, "c", "c", "c")
        assert await world.follower.refresh()
        assert world.list_pages() == []

    follow(database, test)


def test_a_smaller_serial_drops_everything(database: Path) -> None:
    """A restore into the same file."""

    async def test(world: World) -> None:
        await world.start()
        execute(database, "UPDATE registry_journalhead SET last_serial = 1")
        assert await world.follower.refresh()
        assert world.list_pages() == []

    follow(database, test)


@pytest.mark.parametrize("serial", [0, 3, 5])
def test_a_replaced_file_drops_everything_and_is_followed(
    database: Path, tmp_path: Path, serial: int
) -> None:
    """Whatever its serial is: the same serial can stand for other changes."""
    other = build_database(tmp_path / "other.sqlite3", journal_mode="DELETE", serial=serial)

    async def test(world: World) -> None:
        await world.start()
        requested_at = world.cache.change_number
        move(other, database)
        assert not await world.follower.refresh()
        assert not world.follower.is_fresh()
        assert world.list_pages() == []
        assert await world.follower.refresh()
        assert world.follower.is_fresh()
        # What was requested before is not stored.
        assert not any(world.store(page, requested_at) for page in PAGES)
        world.fill()
        change(database, "a")
        assert await world.follower.refresh()
        assert world.list_pages() == ["b"]

    follow(database, test)


def test_a_link_to_another_file_is_a_replaced_file(tmp_path: Path) -> None:
    first, second = (build_database(tmp_path / name, serial=1) for name in ("first", "second"))
    path = tmp_path / "registry.sqlite3"
    path.symlink_to(first)

    async def test(world: World) -> None:
        await world.start()
        path.unlink()
        path.symlink_to(second)
        assert not await world.follower.refresh()
        assert await world.follower.refresh()
        assert world.list_pages() == []

    follow(path, test)


def test_a_missing_file_stops_the_use_of_the_cache_until_it_is_back(
    database: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved.sqlite3"

    async def test(world: World) -> None:
        await world.start()
        move(database, moved)
        for _ in range(2):
            assert not await world.follower.refresh()
            assert not world.follower.is_fresh()
            assert world.list_pages() == []
        # Never created by reading.
        assert not is_file(database)
        move(moved, database)
        await world.start()
        assert world.follower.is_fresh()
        change(database, "b")
        assert await world.follower.refresh()
        assert world.list_pages() == ["a"]

    follow(database, test)


def test_a_file_that_appears_later_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite3"

    async def test(world: World) -> None:
        assert not await world.follower.refresh()
        assert not path.exists()
        path.write_bytes(b"")
        # No tables yet.
        assert not await world.follower.refresh()
        build_database(path)
        await world.start()
        assert world.list_pages() == [*PAGES]

    follow(path, test)


def test_a_file_that_is_replaced_while_it_is_opened_is_not_used(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = build_database(tmp_path / "other.sqlite3")
    connect = sqlite3.connect

    def open_and_replace(name: str, **options: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(name, **options)  # type: ignore[call-overload]
        move(other, database)
        return connection

    async def test(world: World) -> None:
        monkeypatch.setattr("gateway.changes.sqlite3.connect", open_and_replace)
        assert not await world.follower.refresh()
        monkeypatch.undo()
        await world.start()
        assert (await world.reader.read_state())[0] == 0

    follow(database, test)
