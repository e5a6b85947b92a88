"""The database after all migrations: one worker of a test run migrates, the others copy its database."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection


@contextlib.contextmanager
def share_migrations() -> Iterator[None]:
    """Within, Django creates the test database: from the copy of another worker, if there is one.

    Otherwise the database is copied at the end, and the other workers wait for it. Django calls
    `migrate` in both cases; in a copy it has nothing to do.
    """
    with (Path(settings.DATA_DIR) / "migrated.lock").open("w") as lock:
        # The workers of a run share the data folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection.vendor == "sqlite":
            with _share_file(lock.fileno()):
                yield
        else:
            with _share_template(lock.fileno()):
                yield


@contextlib.contextmanager
def _share_file(lock: int) -> Iterator[None]:
    copy = Path(settings.DATA_DIR) / "migrated.sqlite3"
    name = connection.creation._get_test_db_name()
    # The database is in the memory of this process, and lives as long as it has a connection.
    with contextlib.closing(sqlite3.connect(name, uri=True)) as memory:
        if copy.exists():
            fcntl.flock(lock, fcntl.LOCK_UN)
            with contextlib.closing(sqlite3.connect(copy)) as source:
                source.backup(memory)
            yield
            return
        yield
        # Without tests that use a database, there is none.
        if connection.is_in_memory_db():
            copy.write_bytes(memory.serialize())


@contextlib.contextmanager
def _share_template(lock: int) -> Iterator[None]:
    mark = Path(settings.DATA_DIR) / "template"
    if mark.exists():
        fcntl.flock(lock, fcntl.LOCK_UN)
        settings.DATABASES["default"]["TEST"]["TEMPLATE"] = mark.read_text()
        yield
        return
    yield
    database = connection.settings_dict["NAME"]
    if database == settings.DATABASES["default"]["TEST"]["NAME"]:
        # PostgreSQL copies a database only while nobody is connected to it.
        connection.close()
        connection.close_pool()
        template = f"template_{database}"
        with _connect() as server:
            server.execute(f'CREATE DATABASE "{template}" TEMPLATE "{database}"')
        mark.write_text(template)


def get_template() -> str:
    """Return the name of the PostgreSQL database to copy; empty before `share_migrations`."""
    mark = Path(settings.DATA_DIR) / "template"
    return mark.read_text() if mark.exists() else ""


def drop_template() -> None:
    """Drop it, if there is one, once no worker runs any more."""
    if template := get_template():
        with _connect() as server:
            server.execute(f'DROP DATABASE IF EXISTS "{template}"')


def _connect() -> psycopg.Connection:
    return psycopg.connect(os.environ["PLUGPORT_TEST_DATABASE_URL"], autocommit=True)
