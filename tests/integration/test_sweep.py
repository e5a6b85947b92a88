"""The sweeper removes whatever a crash can leave, and nothing that is in use."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from registry.actions.moderate_release import quarantine_release, reject_release
from registry.jobs.runner import run_pending_jobs
from registry.models import Artifact, CheckRun, LastRun, Release, Upload
from registry.publishing.deletion_hold import HOLD_SECONDS, has_deletion_hold, hold_deletions
from registry.publishing.sweep import sweep_storage, sweep_unfinished
from registry.storage import get_store
from registry.storage.keys import build_package_key, build_quarantine_key
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db


def list_keys(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def backdate_files(folder: Path) -> None:
    """Make every file a day older."""
    for path in folder.rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 86_400))


def create_upload(actor: User, tmp_path: Path, *, expires_in: float) -> Upload:
    """An upload that was interrupted after its object was stored."""
    upload = Upload(actor=actor, expires_at=timezone.now() + dt.timedelta(seconds=expires_in))
    upload.key = build_quarantine_key(upload.id)
    upload.save(force_insert=True)
    file = tmp_path / upload.id.hex
    file.write_bytes(b"some bytes")
    get_store().put_file(upload.key, file)
    return upload


def hold(release: Release) -> Release:
    CheckRun.objects.filter(release=release).update(state="errored")
    run_pending_jobs()
    release.refresh_from_db()
    assert release.state == "held"
    return release


def test_objects_in_use_are_kept_at_any_age(
    publisher: Publisher, moderator: User, packages_dir: Path, tmp_path: Path
) -> None:
    actor = publisher.actor
    publisher.publish(version="1.0.0")
    quarantine_release(actor=moderator, release=publisher.publish(version="1.1.0"), reason="look")
    hold(publish_bytes(actor, build_package(version="1.2.0")))
    publish_bytes(actor, build_package(version="1.3.0"))
    create_upload(actor, tmp_path, expires_in=60)
    backdate_files(packages_dir)
    # on_commit hooks do not run in this transaction: the quarantined copies of published releases stay.
    assert sweep_storage() == 2
    remaining_keys = list_keys(packages_dir)
    assert len([key for key in remaining_keys if key.startswith("quarantine/")]) == 3
    assert len([key for key in remaining_keys if key.startswith("packages/")]) == 2
    assert sweep_storage() == 0
    assert list_keys(packages_dir) == remaining_keys


def test_an_expired_upload_is_removed_with_its_object(
    owner: User, packages_dir: Path, tmp_path: Path
) -> None:
    late = create_upload(owner, tmp_path, expires_in=-1)
    current = create_upload(owner, tmp_path, expires_in=60)
    assert sweep_storage() == 1
    assert list(Upload.objects.all()) == [current]
    assert list_keys(packages_dir) == {current.key}
    assert late.key not in list_keys(packages_dir)


def test_an_old_unreferenced_object_is_removed(packages_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "orphan"
    file.write_bytes(b"some bytes")
    get_store().put_file("quarantine/0123", file)
    assert sweep_storage() == 0
    backdate_files(packages_dir)
    assert sweep_storage() == 1
    assert list_keys(packages_dir) == set()


def test_the_quarantined_copy_of_a_published_release_is_removed(
    publisher: Publisher, packages_dir: Path
) -> None:
    """As if the process died after its commit: on_commit hooks do not run in this transaction."""
    release = publisher.publish()
    digest = release.artifacts.get().digest
    backdate_files(packages_dir)
    assert sweep_storage() == 1
    assert list_keys(packages_dir) == {build_package_key(digest)}


def test_the_objects_of_a_rejected_release_are_removed(
    owner: User, moderator: User, packages_dir: Path
) -> None:
    """A crash after promotion during an approval, then a crash during the rejection."""
    release = hold(publish_bytes(owner, build_package()))
    artifact = release.artifacts.get()
    get_store().promote(artifact.quarantine_key, build_package_key(artifact.digest))
    reject_release(actor=moderator, release=release, reason="no")
    assert len(list_keys(packages_dir)) == 2
    sweep_storage()
    assert list_keys(packages_dir) == set()
    assert Artifact.objects.get().quarantine_key == ""
    assert sweep_storage() == 0


def test_an_object_of_a_rejected_release_stays_if_another_release_has_the_same_bytes(
    owner: User, moderator: User, packages_dir: Path
) -> None:
    refused = hold(publish_bytes(owner, build_package()))
    reject_release(actor=moderator, release=refused, reason="no")
    again = publish_bytes(owner, build_package())
    run_pending_jobs()
    sweep_storage()
    backdate_files(packages_dir)
    sweep_storage()
    again.refresh_from_db()
    assert again.state == "published"
    assert list_keys(packages_dir) == {build_package_key(again.artifacts.get().digest)}


def test_the_objects_of_a_rejected_release_stay_while_a_backup_may_name_them(
    publisher: Publisher, moderator: User, packages_dir: Path
) -> None:
    release = hold(publish_bytes(publisher.actor, build_package()))
    with hold_deletions():
        reject_release(actor=moderator, release=release, reason="no")
        backdate_files(packages_dir)
        assert sweep_storage() == 0
        assert len(list_keys(packages_dir)) == 1
    assert sweep_storage() == 1
    assert not list_keys(packages_dir)


def test_the_hold_of_a_killed_backup_ends(
    publisher: Publisher, moderator: User, packages_dir: Path
) -> None:
    release = hold(publish_bytes(publisher.actor, build_package()))
    with hold_deletions():
        LastRun.objects.update(at=timezone.now() - dt.timedelta(seconds=HOLD_SECONDS + 1))
        reject_release(actor=moderator, release=release, reason="no")
        assert not has_deletion_hold()
    sweep_storage()
    assert not list_keys(packages_dir)


def test_many_objects_are_queried_in_batches(packages_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "orphan"
    file.write_bytes(b"")
    for number in range(1100):
        get_store().put_file(f"quarantine/{number:04}", file)
    backdate_files(packages_dir)
    assert sweep_storage() == 1100
    assert list_keys(packages_dir) == set()


def test_interrupted_copies_are_removed_after_an_hour(packages_dir: Path, settings: Any) -> None:
    get_store().ping()
    part = packages_dir / ".parts" / "0123"
    part.write_bytes(b"half")
    assert sweep_unfinished() == 0
    backdate_files(packages_dir)
    assert sweep_unfinished() == 1
    assert list_keys(packages_dir) == set()


def test_an_object_is_found_again_after_an_outage_of_the_storage(
    owner: User, packages_dir: Path, tmp_path: Path
) -> None:
    """The upload row is deleted, and its object is later found as unreferenced."""
    from common.http.errors import StorageError

    create_upload(owner, tmp_path, expires_in=-1)
    away = packages_dir.with_name("away")
    packages_dir.rename(away)
    packages_dir.write_text("a file where the folder was")
    with pytest.raises(StorageError):
        sweep_storage()
    packages_dir.unlink()
    away.rename(packages_dir)
    backdate_files(packages_dir)
    assert sweep_storage() == 1
    assert list_keys(packages_dir) == set()
