"""The check stage: when anything fails, the release is held and never published."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, User
from registry.jobs.queue import MAX_ATTEMPTS, lease_job
from registry.jobs.runner import run_job, run_pending_jobs
from registry.models import CheckRun, Job, Release
from registry.publishing.release import publish
from registry.storage import get_store
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(owner: User) -> Release:
    return publish_bytes(owner, build_package())


def get_quarantined(release: Release, packages_dir: Path) -> Path:
    return packages_dir / release.artifacts.get().quarantine_key


def expect_state(release: Release, state: str) -> None:
    release.refresh_from_db()
    assert release.state == state, release.verdict_reason


def expire_jobs() -> None:
    Job.objects.update(
        available_at=timezone.now() - dt.timedelta(seconds=1),
        leased_until=timezone.now() - dt.timedelta(seconds=1),
    )


def test_every_check_has_a_result_with_its_time(publisher: Publisher) -> None:
    release = publisher.publish()
    assert release.state == "published"
    for run in release.checks.all():
        assert run.state == "passed"
        assert run.duration_ms is not None
        assert run.finished_at is not None


# A check can be interrupted between opening a file and the `with` that closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_check_that_times_out_holds(release: Release, settings: Any) -> None:
    settings.CHECK_SECONDS = 0.0001
    run_pending_jobs()
    expect_state(release, "held")
    assert {run.state for run in release.checks.all()} == {"errored"}
    finding = release.checks.first().findings[0]  # type: ignore[union-attr]
    assert finding["rule"] == "check-errored"
    assert "did not finish" in finding["message"]


def test_a_check_that_fails_to_run_holds(release: Release, packages_dir: Path) -> None:
    get_quarantined(release, packages_dir).write_bytes(b"not what was inspected")
    run_pending_jobs()
    expect_state(release, "held")
    assert {run.state for run in release.checks.all()} == {"errored"}


def test_a_check_that_no_longer_exists_holds(release: Release) -> None:
    CheckRun.objects.create(release=release, name="astrology")
    run_pending_jobs()
    expect_state(release, "held")
    assert release.checks.get(name="astrology").state == "errored"
    assert "astrology" in release.verdict_reason


def test_results_survive_a_crash(release: Release) -> None:
    """A check with a result does not run again: a restart cannot turn a failure into a pass."""
    release.checks.filter(name="licence").update(state="errored")
    release.checks.filter(name="archive").update(state="running")
    run_pending_jobs()
    expect_state(release, "held")
    assert release.checks.get(name="licence").state == "errored"
    assert release.checks.get(name="archive").state == "passed"


def test_a_missing_object_is_held_after_all_attempts(release: Release, packages_dir: Path) -> None:
    get_quarantined(release, packages_dir).unlink()
    for attempt in range(1, MAX_ATTEMPTS):
        assert run_pending_jobs() == 1
        expect_state(release, "checking")
        assert Job.objects.get().attempts == attempt
        expire_jobs()
    assert run_pending_jobs() == 1
    expect_state(release, "held")
    assert not Job.objects.exists()
    assert AuditEntry.objects.get(action="release.held").actor_name == "system"


def test_a_release_that_crashes_its_workers_is_held(release: Release) -> None:
    for _ in range(MAX_ATTEMPTS - 1):
        assert lease_job() is not None
        expire_jobs()
    assert run_pending_jobs() == 1
    expect_state(release, "held")
    assert {run.state for run in release.checks.all()} == {"queued"}


def test_unavailable_storage_delays_the_decision(release: Release, packages_dir: Path) -> None:
    away = packages_dir.with_name("away")
    packages_dir.rename(away)
    packages_dir.write_text("a file where the folder was")
    for _ in range(2 * MAX_ATTEMPTS):
        assert run_pending_jobs() == 1
        expect_state(release, "checking")
        expire_jobs()
    assert Job.objects.get().last_error
    packages_dir.unlink()
    away.rename(packages_dir)
    assert run_pending_jobs() == 1
    expect_state(release, "published")


def test_a_worker_that_lost_its_lease_stops_before_the_verdict(release: Release) -> None:
    lost = lease_job()
    expire_jobs()
    held = lease_job()
    assert lost is not None
    assert held is not None
    run_job(lost)
    expect_state(release, "checking")
    assert not release.checks.exclude(state="queued").exists()
    run_job(held)
    expect_state(release, "published")
    assert not Job.objects.exists()


def test_a_repeated_job_changes_nothing(publisher: Publisher) -> None:
    release = publisher.publish()
    before = AuditEntry.objects.count()
    Job.objects.create(kind="check-release", key=str(release.pk))
    assert run_pending_jobs() == 1
    expect_state(release, "published")
    assert AuditEntry.objects.count() == before


def test_an_interrupted_promotion_is_repeated(release: Release, packages_dir: Path) -> None:
    artifact = release.artifacts.get()
    key = f"packages/{artifact.sha256[:2]}/{artifact.sha256[2:4]}/{artifact.sha256}.tar.gz"
    get_store().promote(artifact.quarantine_key, key)
    run_pending_jobs()
    expect_state(release, "published")
    assert (packages_dir / key).is_file()


def test_publishing_after_a_rejection_removes_the_promoted_object(
    release: Release, packages_dir: Path
) -> None:
    """A slow worker promotes while a moderator rejects: no object is left."""
    from registry.errors import TransitionError
    from registry.models import Trust

    mine = Release.objects.get(pk=release.pk)
    Release.objects.filter(pk=release.pk).update(state="rejected")
    with pytest.raises(TransitionError):
        publish(mine, trust=Trust.COMMUNITY, actor=None, reason="late")
    assert [p for p in packages_dir.rglob("*") if p.is_file()] == []
    expect_state(release, "rejected")
