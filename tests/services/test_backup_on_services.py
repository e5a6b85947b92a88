"""`manage.py backup` and `manage.py restore` with PostgreSQL and S3."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.backups import (
    PUBLISH_PENDING,
    describe,
    fail,
    fill,
    list_sums,
    replace_database,
)
from tests.support.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server
from tests.support.server import LiveRegistry, find_free_port

pytestmark = [pytest.mark.postgres, pytest.mark.s3, pytest.mark.processes]
_numbers = count()


class StoredRegistry(LiveRegistry):
    """A registry on PostgreSQL and S3."""

    def __init__(self, data_dir: Path, database_url: str, s3: S3Server) -> None:
        self.s3, self.bucket = s3, s3.create_bucket(f"backup-{os.getpid()}-{next(_numbers)}")
        super().__init__(
            data_dir,
            database_url=database_url,
            PLUGPORT_S3_ENDPOINT=s3.url,
            PLUGPORT_S3_BUCKET=self.bucket,
            PLUGPORT_S3_REGION=REGION,
            PLUGPORT_S3_ACCESS_KEY=ACCESS_KEY,
            PLUGPORT_S3_SECRET_KEY=SECRET_KEY,
        )

    def list_objects(self) -> dict[str, bytes]:
        """Return the content of each object by key."""
        items = self.s3.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {item["Key"]: self.read_object(item["Key"]) for item in items}

    def read_object(self, key: str) -> bytes:
        body: bytes = self.s3.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def write_object(self, key: str, body: bytes) -> None:
        self.s3.client.put_object(Bucket=self.bucket, Key=key, Body=body)


@pytest.fixture(scope="module")
def source(tmp_path_factory: Any, module_database: str, s3: S3Server) -> StoredRegistry:
    registry = StoredRegistry(tmp_path_factory.mktemp("source"), module_database, s3)
    fill(registry)
    return registry


@pytest.fixture(scope="module")
def complete(source: StoredRegistry, tmp_path_factory: Any) -> Path:
    """A complete backup. Tests do not change it."""
    folder: Path = tmp_path_factory.mktemp("backups") / "complete"
    assert "postgresql database, 3 packages" in source.manage("backup", str(folder))
    return folder


@pytest.fixture
def target(tmp_path: Path, own_database: str, s3: S3Server) -> StoredRegistry:
    """A registry with an empty database and an empty bucket."""
    folder = tmp_path / "target"
    folder.mkdir()
    return StoredRegistry(folder, own_database, s3)


def test_a_restored_registry_has_the_same_contents(
    source: StoredRegistry, complete: Path, target: StoredRegistry
) -> None:
    output = target.manage("restore", str(complete))
    assert "3 packages" in output
    assert "Search index rebuilt: 2 plugins." in output
    assert describe(target) == describe(source)
    assert target.list_objects() == source.list_objects()
    target.manage("search", "status")
    target.run(PUBLISH_PENDING)
    assert "@acme/chat@1.2.0 published" in describe(target)["releases"]


def test_lost_and_damaged_objects_are_named(source: StoredRegistry, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    objects = source.list_objects()
    lost, damaged, empty = objects
    source.s3.client.delete_object(Bucket=source.bucket, Key=lost)
    source.write_object(damaged, objects[damaged][:-1])
    source.write_object(empty, b"")
    try:
        errors = fail(source, "backup", str(folder))
    finally:
        for key, body in objects.items():
            source.write_object(key, body)
    assert f"`{lost}` is missing from the package storage." in errors
    assert f"`{damaged}` is damaged: its SHA-256 is " in errors
    assert f"`{empty}` " in errors
    assert "3 of 3 packages of this registry are missing or damaged." in errors
    assert not (folder / "backup.json").exists()
    assert "3 packages" in source.manage("backup", str(folder))


def test_an_unavailable_bucket_is_named(
    source: StoredRegistry, complete: Path, target: StoredRegistry, tmp_path: Path
) -> None:
    endpoint = f"http://127.0.0.1:{find_free_port()}"
    for registry, *arguments in (
        (source, "backup", str(tmp_path / "new")),
        (target, "restore", str(complete)),
    ):
        errors = fail(registry, *arguments, PLUGPORT_S3_ENDPOINT=endpoint)
        assert errors.startswith("CommandError: The package bucket is unavailable.")
    assert not (tmp_path / "new/backup.json").exists()
    assert "3 packages" in source.manage("backup", str(tmp_path / "new"))


def test_an_interrupted_restore_has_no_tables_and_can_be_repeated(
    source: StoredRegistry, complete: Path, target: StoredRegistry, tmp_path: Path
) -> None:
    # All packages are stored, and then the program that loads the database fails.
    write_program(tmp_path / "bin/pg_restore", "pg_restore (PostgreSQL) 99.0", fails=True)
    errors = fail(target, "restore", str(complete), PATH=str(tmp_path / "bin"))
    assert "`pg_restore` failed: out of luck" in errors
    assert target.list_objects() == source.list_objects()
    assert "The database is not ready" in fail(target, "search", "status")
    # One of the stored packages was changed meanwhile.
    key = next(path for path in list_sums(complete) if path.startswith("packages/"))
    target.write_object(key, b"other bytes")
    assert "3 packages" in target.manage("restore", str(complete))
    assert target.list_objects() == source.list_objects()


def test_only_the_database_of_a_registry_is_restored(
    complete: Path, target: StoredRegistry, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(complete, tmp_path / "backup"))
    dump = folder / "database.dump"
    empty = dump.read_bytes()[:5]
    for content in (b"not a database", b"", empty):
        replace_database(folder, content)
        errors = fail(target, "restore", str(folder))
        assert f"`{dump}` is not the database of a registry: " in errors
    assert not target.list_objects()


def test_a_target_with_tables_or_packages_is_refused(
    source: StoredRegistry, complete: Path, target: StoredRegistry
) -> None:
    errors = fail(source, "restore", str(complete))
    assert "The database is not empty: it contains the table `" in errors
    target.write_object("packages/of-another-registry", b"bytes")
    errors = fail(target, "restore", str(complete))
    assert "The package storage is not empty: it contains `packages/of-another-registry`." in errors


def write_program(path: Path, version: str, *, fails: bool = False) -> None:
    """Write a program that prints a version and the contents of a dump, and then does nothing."""
    path.parent.mkdir(exist_ok=True)
    end = "echo out of luck >&2; exit 1" if fails else "exit 1"
    table = "1; 0 1 TABLE DATA public django_migrations acme"
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}" && exit\n'
        f'[ "$1" = --list ] && echo "{table}" && exit\n{end}\n'
    )
    path.chmod(0o700)


@pytest.mark.parametrize("program", ["pg_dump", "pg_restore"])
def test_programs_that_are_missing_or_too_old_are_named(
    source: StoredRegistry, complete: Path, target: StoredRegistry, tmp_path: Path, program: str
) -> None:
    registry, arguments = {
        "pg_dump": (source, ("backup", str(tmp_path / "new"))),
        "pg_restore": (target, ("restore", str(complete))),
    }[program]
    folder = tmp_path / "bin"
    folder.mkdir()
    errors = fail(registry, *arguments, PATH=str(folder))
    assert f"The program `{program}` is not installed." in errors
    write_program(folder / program, f"{program} (PostgreSQL) 9.6.24")
    errors = fail(registry, *arguments, PATH=str(folder))
    assert f"/{program}` is version 9, the server is PostgreSQL " in errors
    assert not (tmp_path / "new").exists()
    assert not target.list_objects()


@pytest.fixture
def owned_database(postgres: str, own_database: str) -> Iterator[str]:
    """The URL of a database for a role that owns it, has a password and short time-outs."""
    name, parts = f"backup_{os.getpid()}", urlsplit(own_database)
    database = parts.path.removeprefix("/")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'a hidden word'")
        connection.execute(f"ALTER DATABASE {database} OWNER TO {name}")
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(f"ALTER ROLE {name} SET {limit} = '60s'")
        address = f"{parts.hostname}:{parts.port or 5432}"
        yield parts._replace(netloc=f"{name}:a%20hidden%20word@{address}").geturl()
        connection.execute(f"ALTER DATABASE {database} OWNER TO CURRENT_USER")
        with psycopg.connect(own_database, autocommit=True) as owned:
            owned.execute(f"REASSIGN OWNED BY {name} TO CURRENT_USER")
        connection.execute(f"DROP ROLE {name}")


def test_a_role_that_owns_only_its_database_can_restore_and_back_up(
    complete: Path, owned_database: str, s3: S3Server, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    registry = StoredRegistry(tmp_path / "data", owned_database, s3)
    registry.manage("restore", str(complete))
    registry.manage("backup", str(tmp_path / "again"))
    assert list_sums(tmp_path / "again").keys() == list_sums(complete).keys()
