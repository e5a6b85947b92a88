"""Storage and scratch on a disk without space."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from accounts.models import User
from common.http.errors import StorageFullError
from registry.jobs.runner import run_pending_jobs
from registry.models import Job, Release
from registry.models.states import ReleaseState
from registry.storage.local import LocalObjectStore
from registry.storage.scratch import get_process_folder
from tests.contract.test_local_store import use_folder
from tests.functional.api.calls import Api, expect_problem
from tests.support.people import create_api_token
from tests.support.publishing import build_package, publish_bytes
from tests.support.small_disk import SmallDisk, mount_small_disk

pytestmark = pytest.mark.django_db


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with mount_small_disk(tmp_path / "disk", mb=2) as mounted:
        yield mounted


@pytest.fixture
def _scratch_on_disk(disk: SmallDisk, settings: Any) -> Iterator[None]:
    """The scratch folder of this process is on the small disk, the packages are elsewhere."""
    shutil.rmtree(get_process_folder())
    settings.SCRATCH_DIR = disk.path / "scratch"
    yield
    shutil.rmtree(get_process_folder())


def list_files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and p.name != ".lock")


@pytest.mark.usefixtures("_scratch_on_disk")
def test_an_upload_to_a_full_scratch_folder(owner: User, disk: SmallDisk) -> None:
    api = Api(create_api_token(owner))
    get_process_folder()
    disk.fill()
    for package in (build_package(), b"x" * 300_000, b"x" * 4_000_000):
        problem = expect_problem(api.publish(package), 507, "storage-full")
        assert problem["detail"] == "The scratch folder is full."
        assert problem["hint"]
        assert problem["retryAfterSeconds"] > 0
    assert list_files(disk.path) == ["ballast"]
    disk.free()
    assert api.publish(build_package()).status_code == 202


@pytest.mark.usefixtures("_scratch_on_disk")
def test_checks_wait_for_space_and_hold_nothing(
    owner: User, disk: SmallDisk, settings: Any
) -> None:
    settings.LEASE_SECONDS = 0
    release = publish_bytes(owner, build_package())
    disk.fill()
    # More often than a job is tried.
    for _ in range(8):
        assert run_pending_jobs(max_jobs=1) == 1
    job = Job.objects.get()
    assert (job.attempts, job.last_error) == (0, "The scratch folder is full.")
    disk.free()
    run_pending_jobs()
    assert Release.objects.get(pk=release.pk).state == ReleaseState.PUBLISHED


def test_a_full_package_folder_keeps_no_parts(
    disk: SmallDisk, settings: Any, tmp_path: Path
) -> None:
    store = use_folder(settings, disk.path / "packages")
    package = tmp_path / "package.tgz"
    package.write_bytes(b"x" * 100_000)
    store.put_file("quarantine/a", package)
    disk.fill()

    def check_full(store: LocalObjectStore) -> None:
        with pytest.raises(StorageFullError, match="The package folder is full"):
            store.put_file("quarantine/b", package)
        with pytest.raises(StorageFullError, match="The package folder is full"):
            store.ping()

    for _ in range(3):
        check_full(store)
    assert list_files(disk.path) == ["a", "ballast"]
    assert b"".join(store.open_range("quarantine/a", 0, 100_000)) == package.read_bytes()
    # Frees space, so it must work on a full disk.
    store.delete("quarantine/a")
    disk.free()
    store.put_file("quarantine/b", package)
    store.ping()
    assert list_files(disk.path) == ["b"]


_NO_SPACE_FOR_UPLOADS = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END
$$;
CREATE TRIGGER refuse BEFORE INSERT ON registry_upload EXECUTE FUNCTION refuse();
"""


@pytest.fixture
def _full_database(owner: User) -> Iterator[None]:
    """No page can be added: a limit of SQLite; on PostgreSQL, the server raises the error itself."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_NO_SPACE_FOR_UPLOADS)
            yield
            return
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OperationalError):
            cursor.execute("CREATE TABLE filler AS SELECT zeroblob(10000000)")
        yield
        cursor.execute("PRAGMA max_page_count = 1073741823")


def test_a_full_database(owner: User, request: pytest.FixtureRequest) -> None:
    api = Api(create_api_token(owner))
    request.getfixturevalue("_full_database")
    response = api.publish(build_package(files={"README.md": "word " * 30_000}))
    problem = expect_problem(response, 507, "storage-full")
    assert problem["detail"] == "The disk of the database is full."
