"""`manage.py backup` and `manage.py restore` with SQLite and a folder of packages."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.support.backups import (
    PUBLISH_PENDING,
    describe,
    digest_files,
    fail,
    fill,
    list_sums,
    replace_database,
    rewrite_sums,
    start_command,
)
from tests.support.server import LiveRegistry, wait_until
from tests.support.small_disk import mount_small_disk

pytestmark = pytest.mark.processes
REJECT_PENDING = """
from registry.models import Release
from registry.publishing.release import reject
from registry.publishing.sweep import sweep_storage
reject(Release.objects.get(version="1.2.0"), actor=None, reason="a test")
sweep_storage()
"""
SEAL = """
from accounts.audit.checkpoints import sign_checkpoint
from accounts.audit.sealer import seal_entries
seal_entries()
sign_checkpoint()
"""
DELETE = """
from django.db import connection
cursor = connection.cursor()
cursor.execute("DROP TRIGGER {trigger}")
cursor.execute("DELETE FROM {table}")
"""
ADD_PENDING_AFTER = """
from itertools import count
from accounts.models import User
from tests.support.publishing import build_package, publish_bytes
actor = User.objects.get(username="acme")
for number in count():
    release = publish_bytes(actor, build_package("@acme/chat", f"1.3.{{number}}"))
    if release.artifacts.get().sha256 > "{sha256}":
        break
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: Any, empty_database: bytes) -> LiveRegistry:
    """A registry with packages. Tests do not change it."""
    registry = LiveRegistry(tmp_path_factory.mktemp("source"), empty_database=empty_database)
    fill(registry)
    return registry


@pytest.fixture(scope="module")
def complete(source: LiveRegistry, tmp_path_factory: Any) -> Path:
    """A complete backup. Tests do not change it."""
    folder: Path = tmp_path_factory.mktemp("backups") / "complete"
    process = start_command(source, "backup", str(folder))
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "sqlite database, 3 packages" in output
    return folder


@pytest.fixture
def backup(complete: Path, tmp_path: Path) -> Path:
    """A copy of the backup."""
    return Path(shutil.copytree(complete, tmp_path / "backup"))


@pytest.fixture
def twin(source: LiveRegistry, tmp_path: Path) -> LiveRegistry:
    """A registry with the same contents, for tests that change it."""
    folder = shutil.copytree(source.data_dir, tmp_path / "twin")
    return LiveRegistry(Path(folder), empty_database=(folder / "plugport.sqlite3").read_bytes())


@pytest.fixture
def target(tmp_path: Path) -> Iterator[LiveRegistry]:
    """A registry without a database and packages."""
    folder = tmp_path / "target"
    folder.mkdir()
    return LiveRegistry(folder)


def list_packages(registry: LiveRegistry) -> dict[str, str]:
    return digest_files(registry.data_dir / "packages")


def find_package(folder: Path) -> str:
    """Return the last path under `packages/` that the backup names."""
    return [path for path in list_sums(folder) if path.startswith("packages/")][-1]


def test_a_restored_registry_has_the_same_contents(
    source: LiveRegistry, complete: Path, target: LiveRegistry
) -> None:
    output = target.manage("restore", str(complete))
    assert "3 packages" in output
    assert "Search index rebuilt: 2 plugins." in output
    assert describe(target) == describe(source)
    assert list_packages(target) == list_packages(source)
    target.manage("search", "status")
    # What waited for its checks continues.
    target.run(PUBLISH_PENDING)
    assert "@acme/chat@1.2.0 published" in describe(target)["releases"]
    # The backup shares no file with the registry.
    assert all(path.stat().st_nlink == 1 for path in complete.rglob("*") if path.is_file())


def test_the_audit_log_of_a_restored_registry_is_intact(
    source: LiveRegistry, tmp_path: Path, target: LiveRegistry
) -> None:
    """Checkpoints of the other instance count, and a tail that is cut off afterwards is found."""
    source.run(SEAL)
    source.manage("backup", str(tmp_path / "copy"))
    target.manage("restore", str(tmp_path / "copy"))
    report = json.loads(target.manage("verify_audit", "--json"))
    assert report["isIntact"]
    assert (report["checkpoints"], report["heads"]) == (1, 1)
    assert report["entries"] > 3
    for table in ("entry", "seal"):
        trigger = f"accounts_audit{table}_no_delete"
        target.run(DELETE.format(trigger=trigger, table=f"accounts_audit{table}"))
    with pytest.raises(AssertionError, match="The audit log has 1 problem"):
        target.manage("verify_audit")


def test_a_backup_is_private_and_lists_the_digest_of_each_file(complete: Path) -> None:
    for path in (complete, *complete.rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path
    files = digest_files(complete)
    sums = files.pop("SHA256SUMS")
    del files["backup.json"]
    assert files == list_sums(complete)
    assert json.loads((complete / "backup.json").read_text())["sums"] == sums


def test_a_folder_in_use_is_not_overwritten(
    source: LiveRegistry, backup: Path, tmp_path: Path
) -> None:
    assert "contains a complete backup" in fail(source, "backup", str(backup))
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").touch()
    assert "is not empty: it contains `letter.txt`" in fail(source, "backup", str(other))


def test_lost_and_damaged_packages_are_named_and_the_backup_continues_when_they_are_back(
    twin: LiveRegistry, target: LiveRegistry, tmp_path: Path
) -> None:
    folder, packages = tmp_path / "new", twin.data_dir / "packages"
    lost, damaged = sorted((packages / "packages").rglob("*.tar.gz"))
    contents = {path: path.read_bytes() for path in (lost, damaged)}
    lost.unlink()
    damaged.write_bytes(contents[damaged][:-1])

    errors = fail(twin, "backup", str(folder))
    assert f"`{lost.relative_to(packages)}` is missing from the package storage." in errors
    assert f"`{damaged.relative_to(packages)}` is damaged: its SHA-256 is " in errors
    assert "2 of 3 packages of this registry are missing or damaged." in errors
    assert "no complete backup: `backup.json` is missing" in fail(target, "restore", str(folder))

    for path, content in contents.items():
        path.write_bytes(content)
    assert "3 packages" in twin.manage("backup", str(folder))
    assert "3 packages" in target.manage("restore", str(folder))


def test_a_killed_backup_is_not_complete_and_holds_what_it_names(
    twin: LiveRegistry, target: LiveRegistry, tmp_path: Path
) -> None:
    folder, packages = tmp_path / "new", twin.data_dir / "packages"
    (package, *_) = sorted((packages / "packages").rglob("*.tar.gz"))
    content, pending = package.read_bytes(), list((packages / "quarantine").iterdir())
    key = package.relative_to(packages)
    # To open a named pipe waits for a writer, so the backup stops here.
    package.unlink()
    os.mkfifo(package)
    process = start_command(twin, "backup", str(folder))
    wait_until((folder / key).with_name(f".{package.name}.part").exists, seconds=60)
    twin.run(REJECT_PENDING)
    assert [path.exists() for path in pending] == [True]
    assert "Another process writes a backup" in fail(twin, "backup", str(folder))
    process.kill()
    process.communicate()

    package.unlink()
    package.write_bytes(content)
    assert "no complete backup" in fail(target, "restore", str(folder))
    assert "2 packages" in twin.manage("backup", str(folder))
    assert not list((folder / "quarantine").glob("*"))
    target.manage("restore", str(folder))
    assert describe(target) == describe(twin)


def test_a_package_published_after_the_snapshot_is_found_under_its_digest(
    twin: LiveRegistry, tmp_path: Path
) -> None:
    folder, packages = tmp_path / "new", twin.data_dir / "packages"
    (package, *_) = sorted((packages / "packages").rglob("*.tar.gz"))
    key = package.relative_to(packages)
    # Packages are copied in the order of their digests: one that waits follows the named pipe.
    twin.run(ADD_PENDING_AFTER.format(sha256=package.name.removesuffix(".tar.gz")))
    package.unlink()
    os.mkfifo(package)
    process = start_command(twin, "backup", str(folder))
    wait_until((folder / key).with_name(f".{package.name}.part").exists, seconds=60)
    twin.run(PUBLISH_PENDING)
    assert not list((packages / "quarantine").iterdir())
    package.open("wb").close()
    _, errors = process.communicate(timeout=120)

    assert f"`{key}` cannot be read: " in errors
    expected = list_sums(folder)
    assert f"1 of {len(expected) - 1} packages of this registry are missing" in errors
    assert sum(path.startswith("quarantine/") for path in expected) >= 2
    assert {k: v for k, v in digest_files(folder).items() if k in expected} == {
        path: sha256 for path, sha256 in expected.items() if path != str(key)
    }


def test_a_killed_restore_leaves_no_database_and_can_be_repeated(
    backup: Path, target: LiveRegistry
) -> None:
    key = find_package(backup)
    pipe = target.data_dir / "packages" / key
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    process = start_command(target, "restore", str(backup))
    others = [path for path in list_sums(backup) if not path.startswith("database.")]
    stored = [target.data_dir / "packages" / path for path in others[: others.index(key)]]
    wait_until(lambda: all(path.is_file() for path in stored), seconds=60)
    process.kill()
    process.communicate()
    assert "The database is not ready" in fail(target, "search", "status")

    pipe.unlink()
    assert "3 packages" in target.manage("restore", str(backup))
    assert list_packages(target).keys() == set(others)


def test_a_target_with_tables_or_packages_is_refused(
    source: LiveRegistry, complete: Path, target: LiveRegistry
) -> None:
    before = describe(source)
    errors = fail(source, "restore", str(complete))
    assert "The database is not empty: it contains the table `" in errors
    assert describe(source) == before

    other = target.data_dir / "packages/packages/00/00" / f"{'0' * 64}.tar.gz"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"another registry")
    errors = fail(target, "restore", str(complete))
    assert "The package storage is not empty: it contains `packages/00/00/" in errors
    assert len(list_packages(target)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"migrations": ["registry.0001_initial", "registry.9999_later"]},
            "newer schema: this version does not have the migration `registry.9999_later`",
        ),
        ({"database": "postgresql"}, "of a postgresql database, this registry uses sqlite"),
        ({"format": 2}, "has format 2; this version reads formats up to 1"),
    ],
)
def test_a_backup_that_this_registry_does_not_support_is_refused(
    backup: Path, target: LiveRegistry, change: dict[str, Any], message: str
) -> None:
    marker = json.loads((backup / "backup.json").read_text())
    (backup / "backup.json").write_text(json.dumps({**marker, **change}))
    assert message in fail(target, "restore", str(backup))
    assert not list_packages(target)


def change_package(folder: Path) -> None:
    (folder / find_package(folder)).write_bytes(b"other bytes")


def lose_package(folder: Path) -> None:
    (folder / find_package(folder)).unlink()


def change_database(folder: Path) -> None:
    with (folder / "database.sqlite3").open("ab") as file:
        file.write(b"\0")


def lose_sums(folder: Path) -> None:
    (folder / "SHA256SUMS").unlink()


def change_sums(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text().splitlines(keepends=True)
    (folder / "SHA256SUMS").write_text("".join(lines[:-1]))


def lose_marker(folder: Path) -> None:
    (folder / "backup.json").unlink()


def cut_marker(folder: Path) -> None:
    content = (folder / "backup.json").read_bytes()
    (folder / "backup.json").write_bytes(content[: len(content) // 2])


def empty_marker(folder: Path) -> None:
    (folder / "backup.json").write_text("{}")


def leave_out(folder: Path, prefix: str) -> None:
    lines = (folder / "SHA256SUMS").read_bytes().splitlines(keepends=True)
    left_out = next(line for line in lines if line[66:].startswith(prefix.encode()))
    rewrite_sums(folder, b"".join(line for line in lines if line != left_out))


def leave_out_database(folder: Path) -> None:
    leave_out(folder, "database.")


def leave_out_package(folder: Path) -> None:
    leave_out(folder, "packages/")


def misname_package(folder: Path) -> None:
    """The bytes of one package under the digest of another one."""
    sums = (folder / "SHA256SUMS").read_text()
    package = find_package(folder)
    sha256 = list_sums(folder)[package]
    rewrite_sums(folder, sums.replace(f"{sha256}  ", f"{'0' * 64}  ").encode())


def write_other_text(folder: Path) -> None:
    rewrite_sums(folder, "é\n".encode())


def write_endless_line(folder: Path) -> None:
    rewrite_sums(folder, b"0" * 10_000)


def put_pipe(folder: Path) -> None:
    (folder / "database.sqlite3").unlink()
    os.mkfifo(folder / "database.sqlite3")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (change_package, r"`packages/[0-9a-f/]+\.tar\.gz` is damaged: its SHA-256 is "),
        (lose_package, r"`packages/[0-9a-f/]+\.tar\.gz` is missing\."),
        (change_database, r"`database\.sqlite3` is damaged: its SHA-256 is "),
        (lose_sums, r"`SHA256SUMS` is missing"),
        (change_sums, r"`SHA256SUMS` is damaged: its SHA-256 is "),
        (lose_marker, r"contains no complete backup: `backup\.json` is missing"),
        (cut_marker, r"backup\.json` cannot be read: "),
        (empty_marker, r"backup\.json` cannot be read: `format` is missing or invalid"),
        (shutil.rmtree, r"There is no folder `"),
        (leave_out_database, r"names 3 files, not one `database\.sqlite3` and 3 packages"),
        (leave_out_package, r"names 3 files, not one `database\.sqlite3` and 3 packages"),
        (misname_package, r"`SHA256SUMS` has an invalid line: `0{64}  packages/"),
        (write_other_text, r"`SHA256SUMS` has an invalid line: "),
        (write_endless_line, r"`SHA256SUMS` has an invalid line: `0{50}"),
        (put_pipe, r"database\.sqlite3` is not a regular file"),
    ],
)
def test_a_damaged_backup_is_found_by_its_check(
    backup: Path, damage: Callable[[Path], None], message: str
) -> None:
    output = io.StringIO()
    call_command("restore", str(backup), "--check", stdout=output)
    assert output.getvalue().startswith("Backup intact: created ")
    damage(backup)
    errors = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("restore", str(backup), "--check", stderr=errors)
    assert re.search(message, f"{errors.getvalue()}{refused.value}")


def test_nothing_is_restored_from_a_damaged_backup(backup: Path, target: LiveRegistry) -> None:
    lose_package(backup)
    errors = fail(target, "restore", str(backup))
    assert "1 of 4 files of the backup are missing or damaged." in errors
    assert not list_packages(target)


@pytest.mark.parametrize(
    "content",
    [b"not a database", b"", b"SQLite format 3\0" + bytes(4080), None],
    ids=["text", "empty", "damaged", "other-migrations"],
)
def test_only_the_database_of_a_registry_is_restored(
    backup: Path, target: LiveRegistry, content: bytes | None
) -> None:
    """A file with the right digest and the wrong content, as after a mistake in a script."""
    path = backup / "database.sqlite3"
    if content is None:
        with closing(sqlite3.connect(path)) as database:
            database.execute("DELETE FROM django_migrations WHERE app = 'registry'")
            database.commit()
        content = path.read_bytes()
    replace_database(backup, content)
    assert "is not the database of a registry: " in fail(target, "restore", str(backup))
    assert not list_packages(target)


def test_a_full_disk_is_named_and_the_backup_continues_when_there_is_space(
    source: LiveRegistry, tmp_path: Path
) -> None:
    with mount_small_disk(tmp_path / "disk", mb=8) as disk:
        folder = disk.path / "new"
        disk.fill()
        errors = fail(source, "backup", str(folder))
        assert f"The database cannot be copied to `{folder}`: database or disk is full." in errors
        disk.free()
        assert "3 packages" in source.manage("backup", str(folder))
