"""The gateway connects to PostgreSQL as Django does, whatever the URL says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from django.db.utils import ConnectionHandler

from config.backends import build_database_settings
from config.processes.commands import build_postgres_parameters
from gateway.changes import PostgresReader, State
from tests.support.proxy import Proxy

pytestmark = pytest.mark.postgres
PASSWORD = "p@ss/wörd:100% 'x\\y"
# In a schema that only the URL selects.
TABLES = """
CREATE SCHEMA plugins;
CREATE TABLE plugins.registry_journalhead AS SELECT 1 AS id, 7 AS last_serial;
CREATE TABLE plugins.registry_changecounter AS SELECT 5 AS count;
"""
STATE = (7, 5)


@pytest.fixture(scope="module")
def database(module_database: str) -> Iterator[str]:
    """The URL of a database with the tables in the schema `plugins`."""
    with psycopg.connect(module_database, autocommit=True) as connection:
        connection.execute(TABLES)
    return module_database


def build_parameters(url: str) -> dict[str, str | int]:
    settings = build_database_settings(url, Path("unused"))
    return build_postgres_parameters(ConnectionHandler({"default": settings})["default"])


def read_state(url: str) -> State:
    async def read() -> State:
        reader = PostgresReader(build_parameters(url))
        try:
            return await reader.read_state()
        finally:
            await reader.close()

    return asyncio.run(read())


@pytest.mark.parametrize(
    "query",
    [
        "currentSchema=plugins",
        "options=-c%20search_path%3Dplugins",
        "sslmode=disable&currentSchema=plugins",
        "currentSchema=plugins&connect_timeout=9&application_name=registry&prepare_threshold=5",
        "currentSchema=plugins&pool=true",
    ],
)
def test_options_in_the_url(database: str, query: str) -> None:
    assert read_state(f"{database}?{query}") == STATE


def test_an_odd_password(database: str) -> None:
    """The server that tests use may accept any password, so the parameter is compared too."""
    parts = urlsplit(database)
    host = parts.netloc.rpartition("@")[2]
    account = f"{parts.username or ''}:{quote(PASSWORD, safe='')}"
    url = parts._replace(netloc=f"{account}@{host}", query="currentSchema=plugins").geturl()
    assert build_parameters(url)["password"] == PASSWORD
    assert read_state(url) == STATE


def test_a_unix_socket(database: str) -> None:
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT current_setting('unix_socket_directories'), current_setting('port')"
        ).fetchone()
    assert row
    folder, port = row[0].partition(",")[0], row[1]
    if not Path(folder, f".s.PGSQL.{port}").exists():
        pytest.skip("the server has no socket on this machine")
    parts = urlsplit(database)
    account = f"{parts.username}@" if parts.username else ""
    for netloc, query in (
        (f"{account}{quote(folder, safe='')}:{port}", ""),
        (account, f"host={folder}&port={port}&"),
    ):
        url = parts._replace(netloc=netloc, query=f"{query}currentSchema=plugins").geturl()
        assert read_state(url) == STATE


def test_another_database_has_no_parameters(tmp_path: Path) -> None:
    settings = build_database_settings("", tmp_path)
    assert build_postgres_parameters(ConnectionHandler({"default": settings})["default"]) == {}


def test_a_connection_that_hangs_is_given_up(database: str) -> None:
    """A client that writes waits for a read. psycopg alone waits up to ten seconds when it is canceled."""
    parts = urlsplit(f"{database}?currentSchema=plugins")
    proxy = Proxy(parts.hostname or "", parts.port or 5432)
    account = parts.netloc.rpartition("@")[0]
    url = f"postgres://{account}@127.0.0.1:{proxy.port}{parts.path}?{parts.query}"

    async def read() -> None:
        reader = PostgresReader(build_parameters(url))
        assert await reader.read_state() == STATE
        proxy.freeze()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read_state(), 0.5)
        # On a connection of its own.
        proxy.thaw()
        assert await reader.read_state() == STATE
        await reader.close()

    async def bound() -> None:
        async with asyncio.timeout(5):
            await read()

    try:
        asyncio.run(bound())
    finally:
        proxy.cut()
