"""The services of a production setup: PostgreSQL, Redis, and an S3 server and nginx in the test run.

`make test-services` sets `PLUGPORT_TEST_DATABASE_URL` and `PLUGPORT_TEST_REDIS_URL`; without them
this folder is not collected. If a service does not respond, the tests are skipped with the reason,
and fail in CI.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from tests.services.wiring import Services, open_services
from tests.support.migrated import get_template
from tests.support.s3 import S3Server, start_s3

DATABASE_URL = os.environ.get("PLUGPORT_TEST_DATABASE_URL", "")
REDIS_URL = os.environ.get("PLUGPORT_TEST_REDIS_URL", "")
if not (DATABASE_URL and REDIS_URL):
    collect_ignore_glob = ["test_*.py"]


def skip_or_fail(service: str, error: Exception) -> None:
    """Skip, or fail in CI."""
    reason = f"{service} does not answer: {error}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> str:
    """The URL of a PostgreSQL server that responds."""
    try:
        psycopg.connect(DATABASE_URL, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        skip_or_fail("PostgreSQL", error)
    return DATABASE_URL


@pytest.fixture
def own_database(postgres: str) -> Iterator[str]:
    """The URL of a new database, which is dropped afterwards."""
    yield from create_database(postgres, "test")


@pytest.fixture(scope="module")
def module_database(postgres: str, django_db_setup: bytes) -> Iterator[str]:
    """The URL of a new database for a module, after all migrations."""
    yield from create_database(postgres, "module", get_template())


def create_database(server: str, suffix: str, template: str = "") -> Iterator[str]:
    """Create a database and drop it afterwards, even with open connections."""
    name = f"plugport_{suffix}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template or 'template1'}")
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a Redis database for tests, emptied before and after."""
    client = redis.Redis.from_url(REDIS_URL, socket_connect_timeout=5)
    try:
        client.flushdb()
    except redis.ConnectionError as error:
        skip_or_fail("Redis", error)
    yield REDIS_URL
    client.flushdb()
    client.close()


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """An empty S3 server."""
    with start_s3() as server:
        yield server


@pytest.fixture(scope="module")
def services(module_database: str, redis_url: str, s3: S3Server) -> Iterator[Services]:
    """All services, each behind a proxy that can be disconnected."""
    with open_services(module_database, redis_url, s3) as opened:
        yield opened
