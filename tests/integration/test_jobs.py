"""Background jobs: leases are exclusive, expire and can be lost; no job is lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from registry.errors import LeaseLostError
from registry.jobs.kinds import JOB_KINDS, JobKind
from registry.jobs.queue import (
    MAX_ATTEMPTS,
    enqueue_job,
    fail_job,
    finish_job,
    has_available_job,
    lease_job,
    postpone_job,
    renew_lease,
    retry_job,
)
from registry.jobs.runner import run_job, run_pending_jobs
from registry.models import Job, JobState, JournalEntry
from registry.models.states import ReleaseState
from registry.publishing.check import run_checks
from registry.publishing.check_job import run_release_checks
from tests.support.publishing import build_package, publish_bytes

pytestmark = pytest.mark.django_db


def pass_time(seconds: float) -> None:
    """Move every date of the list into the past, as if time had passed."""
    for job in Job.objects.all():
        job.available_at -= dt.timedelta(seconds=seconds)
        if job.leased_until:
            job.leased_until -= dt.timedelta(seconds=seconds)
        job.save()


def test_a_job_is_listed_once() -> None:
    assert enqueue_job("check-release", "1") == enqueue_job("check-release", "1")
    assert Job.objects.count() == 1


def test_only_one_of_two_workers_gets_a_job() -> None:
    enqueue_job("check-release", "1")
    assert lease_job()
    assert lease_job() is None
    assert not has_available_job()


def test_the_oldest_job_comes_first_and_each_once() -> None:
    jobs = [enqueue_job("check-release", str(number)) for number in range(50)]
    taken = [lease.job_id for lease in iter(lease_job, None)]
    assert taken == [job.pk for job in jobs]


def test_an_expired_lease_is_taken_over(settings: Any) -> None:
    enqueue_job("check-release", "1")
    first = lease_job()
    assert first is not None
    pass_time(settings.LEASE_SECONDS - 1)
    assert lease_job() is None
    pass_time(2)
    second = lease_job()
    assert second is not None
    assert (second.job_id, second.attempts) == (first.job_id, 2)
    assert second.id != first.id


def test_a_renewed_lease_is_kept(settings: Any) -> None:
    enqueue_job("check-release", "1")
    lease = lease_job()
    assert lease is not None
    pass_time(settings.LEASE_SECONDS - 1)
    renew_lease(lease)
    pass_time(settings.LEASE_SECONDS - 1)
    assert lease_job() is None


def test_a_lost_lease_changes_nothing(settings: Any) -> None:
    enqueue_job("check-release", "1")
    lost = lease_job()
    assert lost is not None
    pass_time(settings.LEASE_SECONDS + 1)
    held = lease_job()
    assert held is not None
    for act in (renew_lease, finish_job):
        with pytest.raises(LeaseLostError):
            act(lost)
    for give_back in (retry_job, postpone_job, fail_job):
        give_back(lost, "too late")
    row = Job.objects.get()
    assert (row.state, row.lease_id, row.last_error) == (JobState.LEASED, held.id, "")
    finish_job(held)
    assert not Job.objects.exists()


def test_a_finished_job_is_deleted() -> None:
    enqueue_job("check-release", "1")
    lease = lease_job()
    assert lease is not None
    finish_job(lease)
    assert not Job.objects.exists()
    with pytest.raises(LeaseLostError):
        renew_lease(lease)


def test_a_retried_job_waits_longer_each_time(settings: Any) -> None:
    settings.LEASE_SECONDS = 10
    enqueue_job("check-release", "1")
    waits = []
    for _ in range(5):
        lease = lease_job()
        assert lease is not None
        retry_job(lease, "x" * 900)
        assert lease_job() is None
        row = Job.objects.get()
        waits.append(round((row.available_at - timezone.now()).total_seconds()))
        pass_time(60)
    assert waits == [2, 4, 8, 10, 10]
    assert row.last_error == "x" * 500


def test_a_postponed_attempt_does_not_count() -> None:
    enqueue_job("check-release", "1")
    for _ in range(3 * MAX_ATTEMPTS):
        lease = lease_job()
        assert lease is not None
        assert lease.attempts == 1
        postpone_job(lease, "storage is unavailable")
        pass_time(60)


@pytest.mark.parametrize("name", JOB_KINDS)
def test_the_last_attempt_is_marked(name: str) -> None:
    kind = JOB_KINDS[name]
    enqueue_job(name, "1")
    for attempt in range(1, kind.max_attempts + 1):
        lease = lease_job()
        assert lease is not None
        assert kind.is_last(lease) == (attempt == kind.max_attempts)
        retry_job(lease, "")
        pass_time(60)


@pytest.mark.parametrize("kind", JOB_KINDS.values(), ids=JOB_KINDS)
@pytest.mark.parametrize("is_last", [False, True])
def test_every_kind_has_its_handlers(kind: JobKind, is_last: bool) -> None:
    assert callable(kind.load_handler(is_last=is_last))


def test_a_job_of_a_newer_version_does_not_stop_the_others() -> None:
    enqueue_job("translate-readme", "1")
    enqueue_job("check-release", "404")
    assert run_pending_jobs() == 2
    row = Job.objects.get()
    assert (row.kind, row.state) == ("translate-readme", JobState.FAILED)
    assert run_pending_jobs() == 0


def test_a_bounded_run_leaves_the_rest_on_the_list() -> None:
    for number in range(5):
        enqueue_job("check-release", str(number))
    assert run_pending_jobs(max_jobs=2) == 2
    assert run_pending_jobs(seconds=0) == 1
    assert has_available_job()
    assert run_pending_jobs() == 2


def test_a_worker_without_the_lease_cannot_decide(owner: User, settings: Any) -> None:
    """Decision and end of the job are one transaction, so the new holder decides."""
    release = publish_bytes(owner, build_package())
    first = lease_job()
    pass_time(settings.LEASE_SECONDS + 1)
    second = lease_job()
    assert first is not None
    assert second is not None
    run_checks(release, on_progress=lambda: None)
    with pytest.raises(LeaseLostError):
        run_release_checks(first)
    release.refresh_from_db()
    assert (release.state, JournalEntry.objects.count()) == (ReleaseState.CHECKING, 0)
    run_job(second)
    release.refresh_from_db()
    assert (release.state, JournalEntry.objects.count()) == (ReleaseState.PUBLISHED, 1)
    assert not Job.objects.exists()
