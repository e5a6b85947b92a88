"""The list of work: enqueue, take under a lease, renew, finish.

A message of the queue may be lost or come twice; this list may not. Whoever holds a lease works;
when the lease runs out, because the worker died, the job is free again.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from plugport.spec.errors import UnavailableError
from registry.models import Job, JobState

MAX_ATTEMPTS = 5


class LeaseLostError(UnavailableError):
    """Another worker has taken the job over; this one must stop without writing."""

    code, title = "lease-lost", "The job was taken over"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one job for a while."""

    job_id: int
    id: uuid.UUID
    kind: str
    key: str
    attempts: int

    @property
    def is_last(self) -> bool:
        """Whether no further attempt will follow."""
        return self.attempts >= MAX_ATTEMPTS


def enqueue_job(kind: str, key: str) -> Job:
    """List a job; call it inside the transaction that makes it necessary. Idempotent."""
    job, _ = Job.objects.get_or_create(kind=kind, key=key)
    return job


def _free(now: dt.datetime) -> Q:
    waiting = Q(state=JobState.QUEUED, available_at__lte=now)
    return waiting | Q(state=JobState.LEASED, leased_until__lte=now)


def take_job(job_id: int | None = None) -> Lease | None:
    """Lease the given job, or the oldest that is free; None if there is none.

    A job that another worker takes in between is passed over, until none is left.
    """
    free = Job.objects.filter(_free(timezone.now()))
    if job_id is not None:
        free = free.filter(id=job_id)
    while jobs := free.order_by("available_at", "id")[:20]:
        for job in jobs:
            if lease := _try_to_lease(job):
                return lease
    return None


def is_work_waiting() -> bool:
    """Whether some job is free."""
    return Job.objects.filter(_free(timezone.now())).exists()


def _try_to_lease(job: Job) -> Lease | None:
    """The update names the state that was read, so of two workers exactly one gets the job."""
    lease_id = uuid.uuid4()
    seen = Job.objects.filter(id=job.id, attempts=job.attempts, lease_id=job.lease_id)
    taken = seen.update(
        state=JobState.LEASED,
        lease_id=lease_id,
        leased_until=timezone.now() + dt.timedelta(seconds=settings.LEASE_SECONDS),
        attempts=F("attempts") + 1,
    )
    return Lease(job.id, lease_id, job.kind, job.key, job.attempts + 1) if taken else None


def renew_lease(lease: Lease) -> None:
    """Hold the job for another `LEASE_SECONDS`. Raises `LeaseLostError` if it is not ours."""
    until = timezone.now() + dt.timedelta(seconds=settings.LEASE_SECONDS)
    if not Job.objects.filter(id=lease.job_id, lease_id=lease.id).update(leased_until=until):
        raise LeaseLostError(f"job {lease.job_id} was taken over by another worker")


def finish_job(lease: Lease) -> None:
    """Take the job off the list. Call it in the transaction that stores its result.

    Raises `LeaseLostError`, which undoes that: whoever took the job over does it again.
    """
    if not Job.objects.filter(id=lease.job_id, lease_id=lease.id).delete()[0]:
        raise LeaseLostError(f"job {lease.job_id} was taken over by another worker")


def return_job(lease: Lease, error: str) -> None:
    """Give the job back after a failure, for a later attempt."""
    delay = min(2**lease.attempts, settings.LEASE_SECONDS)
    _give_back(lease, error, delay_seconds=delay, state=JobState.QUEUED)


def postpone_job(lease: Lease, error: str) -> None:
    """Give the job back because something it needs is away: the attempt does not count."""
    delay = min(5, settings.LEASE_SECONDS)
    _give_back(
        lease, error, delay_seconds=delay, state=JobState.QUEUED, attempts=lease.attempts - 1
    )


def park_job(lease: Lease, error: str) -> None:
    """Put the job aside for an operator to look at: nobody here can do it."""
    _give_back(lease, error, delay_seconds=0, state=JobState.FAILED)


def _give_back(lease: Lease, error: str, *, delay_seconds: int, **values: Any) -> None:
    Job.objects.filter(id=lease.job_id, lease_id=lease.id).update(
        available_at=timezone.now() + dt.timedelta(seconds=delay_seconds),
        leased_until=None,
        last_error=error[:500],
        **values,
    )
