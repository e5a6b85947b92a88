"""The services of a production: PostgreSQL and Redis of this machine, S3 in the test run.

`make test-services` says where they are (`PLUGPORT_TEST_DATABASE_URL`,
`PLUGPORT_TEST_REDIS_URL`); without it this folder is not collected. A service that does not
answer is a skip with its reason, in CI a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from tests.services.wiring import Services, open_services
from tests.support.s3 import S3Server, start_s3

DATABASE_URL = os.environ.get("PLUGPORT_TEST_DATABASE_URL", "")
REDIS_URL = os.environ.get("PLUGPORT_TEST_REDIS_URL", "")
if not (DATABASE_URL and REDIS_URL):
    collect_ignore_glob = ["test_*.py"]


def refuse(what: str, error: Exception) -> None:
    """Skip, or fail in CI."""
    reason = f"{what} does not answer: {error}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> str:
    """The address of a PostgreSQL server that answers."""
    try:
        psycopg.connect(DATABASE_URL, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        refuse("PostgreSQL", error)
    return DATABASE_URL


@pytest.fixture
def own_database(postgres: str) -> Iterator[str]:
    """The address of a new database, which goes afterwards."""
    yield from make_database(postgres, "test")


@pytest.fixture(scope="module")
def module_database(postgres: str) -> Iterator[str]:
    """As `own_database`, for a module."""
    yield from make_database(postgres, "module")


def make_database(server: str, word: str) -> Iterator[str]:
    """Make a database and drop it afterwards, whoever is still connected."""
    name = f"plugport_{word}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a Redis database of the tests' own, empty before and after."""
    client = redis.Redis.from_url(REDIS_URL, socket_connect_timeout=5)
    try:
        client.flushdb()
    except redis.ConnectionError as error:
        refuse("Redis", error)
    yield REDIS_URL
    client.flushdb()
    client.close()


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """An S3 server with nothing in it."""
    with start_s3() as server:
        yield server


@pytest.fixture(scope="module")
def services(module_database: str, redis_url: str, s3: S3Server) -> Iterator[Services]:
    """All of them, each behind a proxy that can be cut."""
    with open_services(module_database, redis_url, s3) as opened:
        yield opened
