"""The durable list of jobs: add, lease, renew, finish.

Messages of the queue may be lost or arrive twice; rows of this list may not. A worker may work on
a job while it holds the lease. When a worker dies, its lease expires and the job is free again.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from common.processes.process_names import build_process_name, is_process_dead
from registry.errors import LeaseLostError
from registry.models import Job, JobState

MAX_ATTEMPTS = 5
# Rows read at once when several workers compete: a worker that loses one row tries the next one
# without another query.
_BATCH_SIZE = 20


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one job until the lease expires."""

    job_id: int
    id: uuid.UUID
    kind: str
    key: str
    attempts: int


def enqueue_job(kind: str, key: str, *, delay_seconds: float = 0) -> Job:
    """Add a job, or return the one that exists for this kind and key.

    Workers do not take a new job before `delay_seconds` have passed.
    Call it inside the transaction that makes the work necessary: then both are committed or none.
    """
    available_at = timezone.now() + dt.timedelta(seconds=delay_seconds)
    # One statement: `get_or_create` takes four, two of them for a savepoint.
    (job,) = Job.objects.bulk_create(
        [Job(kind=kind, key=key, available_at=available_at)],
        update_conflicts=True,
        unique_fields=["kind", "key"],
        update_fields=["kind"],
    )
    return job


def _build_available_filter(now: dt.datetime) -> Q:
    waiting = Q(state=JobState.QUEUED, available_at__lte=now)
    return waiting | Q(state=JobState.LEASED, leased_until__lte=now)


def lease_job() -> Lease | None:
    """Lease the oldest free job; None if there is none.

    Skips jobs that another worker leases in between.
    """
    free = Job.objects.filter(_build_available_filter(timezone.now()))
    while jobs := free.order_by("available_at", "id")[:_BATCH_SIZE]:
        for job in jobs:
            if lease := _try_to_lease(job):
                return lease
    return None


def has_available_job(*, at: dt.datetime | None = None, at_least: int = 1) -> bool:
    """Whether so many jobs are free: now, or since a time in the past. 1 query."""
    free = Job.objects.filter(_build_available_filter(at or timezone.now()))
    return free[:at_least].count() == at_least


def _try_to_lease(job: Job) -> Lease | None:
    # Compare and swap: the update repeats the state that was read, so exactly one of two workers
    # changes the row. `SELECT … FOR UPDATE SKIP LOCKED` would do, but SQLite does not have it.
    lease_id = uuid.uuid4()
    unchanged = Job.objects.filter(id=job.id, attempts=job.attempts, lease_id=job.lease_id)
    is_leased = unchanged.update(
        state=JobState.LEASED,
        lease_id=lease_id,
        holder=build_process_name(),
        leased_until=timezone.now() + dt.timedelta(seconds=settings.LEASE_SECONDS),
        attempts=F("attempts") + 1,
    )
    return Lease(job.id, lease_id, job.kind, job.key, job.attempts + 1) if is_leased else None


def renew_lease(lease: Lease) -> None:
    """Extend the lease by `LEASE_SECONDS` from now. Raises `LeaseLostError`.

    Inside a transaction this also locks the job's row until the end: no other worker can lease
    the job before the results of this transaction are visible.
    """
    until = timezone.now() + dt.timedelta(seconds=settings.LEASE_SECONDS)
    if not Job.objects.filter(id=lease.job_id, lease_id=lease.id).update(leased_until=until):
        raise LeaseLostError(f"Another worker has taken over job {lease.job_id}.")


def finish_job(lease: Lease) -> None:
    """Delete the job. Call it in the transaction that stores its result.

    Raises `LeaseLostError`, which rolls that transaction back: the new holder does the work.
    """
    if not Job.objects.filter(id=lease.job_id, lease_id=lease.id).delete()[0]:
        raise LeaseLostError(f"Another worker has taken over job {lease.job_id}.")


def shorten_dead_leases() -> int:
    """Shorten the leases of processes of this machine that have ended; returns how many.

    Then the jobs are free after the same wait as after a failure. 1 query, and 1 for each lease.
    """
    now = timezone.now()
    count = 0
    for job in Job.objects.filter(state=JobState.LEASED, leased_until__gt=now):
        if is_process_dead(job.holder):
            until = now + dt.timedelta(seconds=_get_retry_seconds(job.attempts))
            # The same lease: another worker may have taken the job over.
            same = Job.objects.filter(id=job.id, lease_id=job.lease_id, leased_until__gt=until)
            count += same.update(leased_until=until, holder="")
    return count


def _get_retry_seconds(attempts: int, max_seconds: int | None = None) -> int:
    limit = settings.LEASE_SECONDS if max_seconds is None else max_seconds
    return min(int(2**attempts), int(limit))


def retry_job(lease: Lease, error: str, *, max_wait_seconds: int | None = None) -> None:
    """Return the job to the list after a failure.

    The wait doubles with each attempt, up to `max_wait_seconds` or the time of a lease.
    """
    delay = _get_retry_seconds(lease.attempts, max_wait_seconds)
    _release_job(lease, error, delay_seconds=delay, state=JobState.QUEUED)


def postpone_job(lease: Lease, error: str) -> None:
    """Return the job to the list because a service is unavailable; the attempt does not count."""
    delay = min(5, settings.LEASE_SECONDS)
    _release_job(
        lease, error, delay_seconds=delay, state=JobState.QUEUED, attempts=lease.attempts - 1
    )


def fail_job(lease: Lease, error: str) -> None:
    """Set the job aside for an operator; no worker takes it again."""
    _release_job(lease, error, delay_seconds=0, state=JobState.FAILED)


def requeue_job(job: Job) -> bool:
    """Queue a failed job as if it were new; returns whether it had failed. The last error stays."""
    # The condition is part of the update: two operators queue it once, and a job that runs is not
    # taken from its worker.
    failed = Job.objects.filter(id=job.id, state=JobState.FAILED)
    count = failed.update(
        state=JobState.QUEUED,
        attempts=0,
        available_at=timezone.now(),
        lease_id=None,
        leased_until=None,
        holder="",
    )
    return count == 1


def _release_job(lease: Lease, error: str, *, delay_seconds: int, **values: Any) -> None:
    # A lease that was lost matches no row: the new holder's state is left alone.
    Job.objects.filter(id=lease.job_id, lease_id=lease.id).update(
        available_at=timezone.now() + dt.timedelta(seconds=delay_seconds),
        leased_until=None,
        last_error=error[:500],
        **values,
    )
