"""The list of work: leases are taken once, run out, are lost; nothing falls off the list."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from registry.jobs import (
    MAX_ATTEMPTS,
    LeaseLostError,
    enqueue_job,
    finish_job,
    is_work_waiting,
    park_job,
    postpone_job,
    renew_lease,
    return_job,
    take_job,
)
from registry.models import Job, JobState, JournalEntry
from registry.publishing.check import run_checks
from registry.publishing.states import ReleaseState
from registry.work import check_release, run_job, work_off
from tests.support.publishing import make_package, publish_bytes

pytestmark = pytest.mark.django_db


def pass_time(seconds: float) -> None:
    """Move every date of the list into the past."""
    for job in Job.objects.all():
        job.available_at -= dt.timedelta(seconds=seconds)
        if job.leased_until:
            job.leased_until -= dt.timedelta(seconds=seconds)
        job.save()


def test_a_job_is_listed_once() -> None:
    assert enqueue_job("check-release", "1") == enqueue_job("check-release", "1")
    assert Job.objects.count() == 1


def test_of_two_workers_one_has_the_job() -> None:
    job = enqueue_job("check-release", "1")
    assert take_job(job.pk)
    assert take_job(job.pk) is None
    assert take_job() is None
    assert not is_work_waiting()


def test_the_oldest_job_comes_first_and_each_once() -> None:
    jobs = [enqueue_job("check-release", str(number)) for number in range(50)]
    taken = [lease.job_id for lease in iter(take_job, None)]
    assert taken == [job.pk for job in jobs]


def test_a_lease_that_ran_out_is_taken_over(settings: Any) -> None:
    enqueue_job("check-release", "1")
    first = take_job()
    assert first is not None
    pass_time(settings.LEASE_SECONDS - 1)
    assert take_job() is None
    pass_time(2)
    second = take_job()
    assert second is not None
    assert (second.job_id, second.attempts) == (first.job_id, 2)
    assert second.id != first.id


def test_a_renewed_lease_is_kept(settings: Any) -> None:
    enqueue_job("check-release", "1")
    lease = take_job()
    assert lease is not None
    pass_time(settings.LEASE_SECONDS - 1)
    renew_lease(lease)
    pass_time(settings.LEASE_SECONDS - 1)
    assert take_job() is None


def test_who_lost_the_lease_can_do_nothing_more(settings: Any) -> None:
    enqueue_job("check-release", "1")
    lost = take_job()
    assert lost is not None
    pass_time(settings.LEASE_SECONDS + 1)
    held = take_job()
    assert held is not None
    for act in (renew_lease, finish_job):
        with pytest.raises(LeaseLostError):
            act(lost)
    for give_back in (return_job, postpone_job, park_job):
        give_back(lost, "too late")
    row = Job.objects.get()
    assert (row.state, row.lease_id, row.last_error) == (JobState.LEASED, held.id, "")
    finish_job(held)
    assert not Job.objects.exists()


def test_a_finished_job_is_gone() -> None:
    enqueue_job("check-release", "1")
    lease = take_job()
    assert lease is not None
    finish_job(lease)
    assert not Job.objects.exists()
    with pytest.raises(LeaseLostError):
        renew_lease(lease)


def test_a_returned_job_waits_longer_each_time(settings: Any) -> None:
    settings.LEASE_SECONDS = 10
    enqueue_job("check-release", "1")
    waits = []
    for _ in range(5):
        lease = take_job()
        assert lease is not None
        return_job(lease, "x" * 900)
        assert take_job() is None
        row = Job.objects.get()
        waits.append(round((row.available_at - timezone.now()).total_seconds()))
        pass_time(60)
    assert waits == [2, 4, 8, 10, 10]
    assert row.last_error == "x" * 500


def test_a_postponed_attempt_does_not_count() -> None:
    enqueue_job("check-release", "1")
    for _ in range(3 * MAX_ATTEMPTS):
        lease = take_job()
        assert lease is not None
        assert (lease.attempts, lease.is_last) == (1, False)
        postpone_job(lease, "storage is away")
        pass_time(60)


def test_the_last_attempt_knows_that_it_is() -> None:
    enqueue_job("check-release", "1")
    for attempt in range(1, MAX_ATTEMPTS + 1):
        lease = take_job()
        assert lease is not None
        assert lease.is_last == (attempt == MAX_ATTEMPTS)
        return_job(lease, "")
        pass_time(60)


def test_a_job_of_a_newer_version_does_not_stop_the_others() -> None:
    enqueue_job("translate-readme", "1")
    enqueue_job("check-release", "404")
    assert work_off() == 2
    row = Job.objects.get()
    assert (row.kind, row.state) == ("translate-readme", JobState.FAILED)
    assert work_off() == 0


def test_a_bounded_run_leaves_the_rest_on_the_list() -> None:
    for number in range(5):
        enqueue_job("check-release", str(number))
    assert work_off(most=2) == 2
    assert work_off(seconds=0) == 1
    assert is_work_waiting()
    assert work_off() == 2


def test_who_lost_the_job_decides_nothing(owner: User, settings: Any) -> None:
    """Decision and end of the job are one transaction: the one who has it now decides."""
    release = publish_bytes(owner, make_package())
    first = take_job()
    pass_time(settings.LEASE_SECONDS + 1)
    second = take_job()
    assert first is not None
    assert second is not None
    run_checks(release, on_progress=lambda: None)
    with pytest.raises(LeaseLostError):
        check_release(first)
    release.refresh_from_db()
    assert (release.state, JournalEntry.objects.count()) == (ReleaseState.CHECKING, 0)
    run_job(second)
    release.refresh_from_db()
    assert (release.state, JournalEntry.objects.count()) == (ReleaseState.PUBLISHED, 1)
    assert not Job.objects.exists()
