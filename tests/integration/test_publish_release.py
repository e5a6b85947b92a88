"""Publishing the same version again, by the same account and by others (REL-2, REL-5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError

from accounts.models import AuditEntry, User
from common.http.errors import StorageError
from registry.actions.moderate_release import (
    approve_release,
    quarantine_release,
    reject_release,
    revoke_release,
)
from registry.actions.publish_release import publish_release
from registry.errors import NotMemberError, VersionTakenError
from registry.jobs.runner import run_pending_jobs
from registry.models import (
    Artifact,
    CheckRun,
    Job,
    Member,
    Plugin,
    Release,
    Role,
    Upload,
)
from registry.models.states import ReleaseState
from registry.publishing.admit import admit_package
from registry.publishing.inspect import inspect_package
from registry.publishing.receive import ReceivedPackage, receive_file
from registry.publishing.record import quarantine_upload, record_release
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db

PACKAGE = build_package()
OTHER_BYTES = build_package(files={"other.txt": "other"})


def list_files(folder: Path) -> set[str]:
    return {p.name for p in folder.rglob("*") if p.is_file() and p.name != ".lock"}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a package to a new file."""

    def write_file(body: bytes, name: str = "p.tgz") -> Path:
        path = tmp_path / name
        path.write_bytes(body)
        return path

    return write_file


def check_recorded_once() -> None:
    assert Release.objects.count() == Artifact.objects.count() == 1
    assert not Upload.objects.exists()


def test_the_same_bytes_again_are_the_same_release(owner: User) -> None:
    first = publish_bytes(owner, PACKAGE)
    assert publish_bytes(owner, PACKAGE) == first
    assert Job.objects.count() == 1
    run_pending_jobs()
    assert publish_bytes(owner, PACKAGE) == first
    assert not Job.objects.exists()
    check_recorded_once()
    assert AuditEntry.objects.filter(action="release.recorded").count() == 1


@pytest.mark.parametrize("state", [s for s in ReleaseState if s != ReleaseState.REJECTED])
def test_different_content_for_a_published_version_is_refused(
    publisher: Publisher, packages_dir: Path, state: ReleaseState
) -> None:
    release = publisher.publish()
    Release.objects.filter(pk=release.pk).update(state=state)
    stored = list_files(packages_dir)
    with pytest.raises(VersionTakenError) as caught:
        publish_bytes(publisher.actor, OTHER_BYTES)
    assert caught.value.context["publishedBy"] == "acme"
    assert caught.value.context["state"] == state
    check_recorded_once()
    assert list_files(packages_dir) == stored


def test_a_revoked_version_stays_taken(publisher: Publisher, moderator: User) -> None:
    release = publisher.publish()
    quarantine_release(actor=moderator, release=release, reason="look")
    revoke_release(actor=moderator, release=release, reason="bad")
    with pytest.raises(VersionTakenError):
        publish_bytes(publisher.actor, OTHER_BYTES)
    assert publish_bytes(publisher.actor, PACKAGE).state == "revoked"


@pytest.mark.parametrize("body", [PACKAGE, OTHER_BYTES])
def test_a_rejected_version_can_be_published_again(
    owner: User,
    moderator: User,
    packages_dir: Path,
    body: bytes,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    refused = publish_bytes(owner, PACKAGE)
    CheckRun.objects.filter(release=refused).update(state="errored")
    run_pending_jobs()
    refused.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        reject_release(actor=moderator, release=refused, reason="no")
    assert list_files(packages_dir) == set()
    again = publish_bytes(owner, body)
    assert again != refused
    run_pending_jobs()
    again.refresh_from_db()
    refused.refresh_from_db()
    assert (refused.state, again.state) == ("rejected", "published")
    with pytest.raises(VersionTakenError):
        publish_bytes(owner, build_package(files={"third.txt": "third"}))


def test_builds_of_one_version_are_one_version(publisher: Publisher) -> None:
    publisher.publish(version="1.0.0+linux")
    with pytest.raises(VersionTakenError, match=r"1\.0\.0\+linux"):
        publish_bytes(publisher.actor, build_package(version="1.0.0+mac"))


@pytest.mark.parametrize("role", Role)
def test_every_role_publishes(publisher: Publisher, outsider: User, role: Role) -> None:
    plugin = publisher.publish().plugin
    body = build_package(version="1.1.0")
    with pytest.raises(NotMemberError):
        publish_bytes(outsider, body)
    Member.objects.create(plugin=plugin, holder=outsider.owner, role=role)
    assert publish_bytes(outsider, body).published_by == outsider


def test_a_lost_race_names_the_publisher(
    owner: User, write: Any, packages_dir: Path, settings: Any
) -> None:
    """Both are admitted before either is recorded, so the database decides."""
    with receive_file(write(PACKAGE)) as one, receive_file(write(OTHER_BYTES, "o.tgz")) as other:
        stale = admit(owner, other)
        publish_release(actor=owner, received=one)
        with pytest.raises(IntegrityError), quarantine_upload(owner, other) as upload:
            record_release(**stale, upload=upload, tag="", changelog="")
        with pytest.raises(VersionTakenError):
            publish_release(actor=owner, received=other)
    check_recorded_once()
    assert len(list_files(packages_dir)) == 1
    assert list_files(Path(settings.SCRATCH_DIR)) == set()


def admit(actor: User, received: ReceivedPackage) -> dict[str, Any]:
    inspected = inspect_package(received)
    admission = admit_package(actor=actor, inspected=inspected, tag="", token=None)
    return {"actor": actor, "inspected": inspected, "admission": admission}


def test_a_commit_that_was_reported_as_failed_keeps_its_object(owner: User, write: Any) -> None:
    """The connection fails between the commit and its response: the release exists."""

    def record_and_break() -> None:
        with (
            receive_file(write(PACKAGE)) as received,
            quarantine_upload(owner, received) as upload,
        ):
            record_release(**admit(owner, received), upload=upload, tag="", changelog="")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        record_and_break()
    run_pending_jobs()
    assert Release.objects.get().state == "published"


def test_a_swept_upload_is_not_recorded(owner: User, write: Any, packages_dir: Path) -> None:

    def record_too_late() -> None:
        with (
            receive_file(write(PACKAGE)) as received,
            quarantine_upload(owner, received) as upload,
        ):
            Upload.objects.all().delete()
            record_release(**admit(owner, received), upload=upload, tag="", changelog="")

    with pytest.raises(StorageError):
        record_too_late()
    assert not Release.objects.exists()
    assert not Plugin.objects.exists()


def test_a_refused_upload_leaves_nothing(owner: User, packages_dir: Path, settings: Any) -> None:
    settings.STORAGES["packages"]["OPTIONS"]["location"] = "/dev/null/packages"
    with pytest.raises(StorageError):
        publish_bytes(owner, PACKAGE)
    assert not Release.objects.exists()
    assert list_files(Path(settings.SCRATCH_DIR)) == set()


def test_a_held_release_is_published_by_a_moderator(
    owner: User, moderator: User, packages_dir: Path, django_capture_on_commit_callbacks: Any
) -> None:
    release = publish_bytes(owner, PACKAGE)
    CheckRun.objects.filter(release=release).update(state="errored")
    run_pending_jobs()
    release.refresh_from_db()
    assert release.state == "held"
    with django_capture_on_commit_callbacks(execute=True):
        approve_release(actor=moderator, release=release, reason="looked at it")
    release.refresh_from_db()
    assert (release.state, release.trust) == ("published", "experimental")
    assert list_files(packages_dir) == {f"{release.artifacts.get().sha256}.tar.gz"}
