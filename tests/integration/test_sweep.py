"""The sweeper: removes what a crash left, of every kind, and nothing that lives."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from registry.actions.moderate_release import quarantine_release, reject_release
from registry.models import Artifact, CheckRun, Release, Upload
from registry.publishing.sweep import sweep_storage, sweep_unfinished
from registry.storage import get_store
from registry.storage.keys import make_package_key, make_quarantine_key
from registry.work import work_off
from tests.support.publishing import Publisher, make_package, publish_bytes

pytestmark = pytest.mark.django_db


def list_keys(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def make_old(folder: Path) -> None:
    """Let a day pass for every file."""
    for path in folder.rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 86_400))


def make_upload(actor: User, tmp_path: Path, *, expires_in: float) -> Upload:
    """An upload that was cut off after its object was stored."""
    upload = Upload(actor=actor, expires_at=timezone.now() + dt.timedelta(seconds=expires_in))
    upload.key = make_quarantine_key(upload.id)
    upload.save(force_insert=True)
    file = tmp_path / upload.id.hex
    file.write_bytes(b"some bytes")
    get_store().put_file(upload.key, file)
    return upload


def hold(release: Release) -> Release:
    CheckRun.objects.filter(release=release).update(state="errored")
    work_off()
    release.refresh_from_db()
    assert release.state == "held"
    return release


def test_what_lives_is_kept_whatever_its_age(
    publisher: Publisher, moderator: User, packages_dir: Path, tmp_path: Path
) -> None:
    actor = publisher.actor
    publisher.publish(version="1.0.0")
    quarantine_release(actor=moderator, release=publisher.publish(version="1.1.0"), reason="look")
    hold(publish_bytes(actor, make_package(version="1.2.0")))
    publish_bytes(actor, make_package(version="1.3.0"))
    make_upload(actor, tmp_path, expires_in=60)
    make_old(packages_dir)
    # Hooks after commit do not run in this transaction: the copies of what is published are left.
    assert sweep_storage() == 2
    kept = list_keys(packages_dir)
    assert len([key for key in kept if key.startswith("quarantine/")]) == 3
    assert len([key for key in kept if key.startswith("packages/")]) == 2
    assert sweep_storage() == 0
    assert list_keys(packages_dir) == kept


def test_an_upload_past_its_time_goes_with_its_object(
    owner: User, packages_dir: Path, tmp_path: Path
) -> None:
    late = make_upload(owner, tmp_path, expires_in=-1)
    current = make_upload(owner, tmp_path, expires_in=60)
    assert sweep_storage() == 1
    assert list(Upload.objects.all()) == [current]
    assert list_keys(packages_dir) == {current.key}
    assert late.key not in list_keys(packages_dir)


def test_an_object_that_nobody_names_goes_when_it_is_old(
    packages_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "orphan"
    file.write_bytes(b"some bytes")
    get_store().put_file("quarantine/0123", file)
    assert sweep_storage() == 0
    make_old(packages_dir)
    assert sweep_storage() == 1
    assert list_keys(packages_dir) == set()


def test_after_a_publish_the_quarantined_copy_goes(
    publisher: Publisher, packages_dir: Path
) -> None:
    """The process died after its commit: on_commit hooks never ran, as in this transaction."""
    release = publisher.publish()
    digest = release.artifacts.get().digest
    make_old(packages_dir)
    assert sweep_storage() == 1
    assert list_keys(packages_dir) == {make_package_key(digest)}


def test_the_objects_of_a_rejected_release_go(
    owner: User, moderator: User, packages_dir: Path
) -> None:
    """Approving promoted the object and died; then somebody refused the release, and died."""
    release = hold(publish_bytes(owner, make_package()))
    artifact = release.artifacts.get()
    get_store().promote(artifact.quarantine_key, make_package_key(artifact.digest))
    reject_release(actor=moderator, release=release, reason="no")
    assert len(list_keys(packages_dir)) == 2
    sweep_storage()
    assert list_keys(packages_dir) == set()
    assert Artifact.objects.get().quarantine_key == ""
    assert sweep_storage() == 0


def test_the_bytes_of_a_rejected_release_stay_for_the_one_that_was_sent_again(
    owner: User, moderator: User, packages_dir: Path
) -> None:
    refused = hold(publish_bytes(owner, make_package()))
    reject_release(actor=moderator, release=refused, reason="no")
    again = publish_bytes(owner, make_package())
    work_off()
    sweep_storage()
    make_old(packages_dir)
    sweep_storage()
    again.refresh_from_db()
    assert again.state == "published"
    assert list_keys(packages_dir) == {make_package_key(again.artifacts.get().digest)}


def test_many_objects_are_asked_for_in_portions(packages_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "orphan"
    file.write_bytes(b"")
    for number in range(1100):
        get_store().put_file(f"quarantine/{number:04}", file)
    make_old(packages_dir)
    assert sweep_storage() == 1100
    assert list_keys(packages_dir) == set()


def test_copies_that_were_cut_off_go_after_an_hour(packages_dir: Path, settings: Any) -> None:
    get_store().ping()
    part = packages_dir / ".parts" / "0123"
    part.write_bytes(b"half")
    assert sweep_unfinished() == 0
    make_old(packages_dir)
    assert sweep_unfinished() == 1
    assert list_keys(packages_dir) == set()


def test_storage_that_is_away_is_not_a_reason_to_forget(
    owner: User, packages_dir: Path, tmp_path: Path
) -> None:
    """The row of an upload goes with it, but its object is still found later, by its place."""
    from registry.errors import StorageError

    make_upload(owner, tmp_path, expires_in=-1)
    away = packages_dir.with_name("away")
    packages_dir.rename(away)
    packages_dir.write_text("a file where the folder was")
    with pytest.raises(StorageError):
        sweep_storage()
    packages_dir.unlink()
    away.rename(packages_dir)
    make_old(packages_dir)
    assert sweep_storage() == 1
    assert list_keys(packages_dir) == set()
