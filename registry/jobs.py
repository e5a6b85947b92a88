"""The list of work: enqueue, take under a lease, renew, finish.

A message of the queue may be lost or come twice; this list may not. Whoever holds a lease works;
when the lease runs out, because the worker died, the job is free again.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

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

    The update names the state it was read in, so of two workers exactly one gets the job.
    """
    now = timezone.now()
    free = Job.objects.filter(_free(now))
    if job_id is not None:
        free = free.filter(id=job_id)
    for job in free.order_by("available_at", "id")[:20]:
        lease_id = uuid.uuid4()
        taken = Job.objects.filter(id=job.id, attempts=job.attempts, lease_id=job.lease_id).update(
            state=JobState.LEASED,
            lease_id=lease_id,
            leased_until=now + dt.timedelta(seconds=settings.LEASE_SECONDS),
            attempts=F("attempts") + 1,
        )
        if taken:
            return Lease(job.id, lease_id, job.kind, job.key, job.attempts + 1)
    return None


def renew_lease(lease: Lease) -> None:
    """Hold the job for another `LEASE_SECONDS`. Raises `LeaseLostError` if it is not ours."""
    until = timezone.now() + dt.timedelta(seconds=settings.LEASE_SECONDS)
    if not Job.objects.filter(id=lease.job_id, lease_id=lease.id).update(leased_until=until):
        raise LeaseLostError(f"job {lease.job_id} was taken over by another worker")


def finish_job(lease: Lease) -> None:
    """Take the job off the list; call it in the transaction of its result.

    Raises `LeaseLostError`, which rolls that transaction back.
    """
    if not Job.objects.filter(id=lease.job_id, lease_id=lease.id).delete()[0]:
        raise LeaseLostError(f"job {lease.job_id} was taken over by another worker")


def return_job(lease: Lease, error: str) -> None:
    """Give the job back after a failure: later if attempts are left, else as failed."""
    delay = dt.timedelta(seconds=min(2**lease.attempts, settings.LEASE_SECONDS))
    Job.objects.filter(id=lease.job_id, lease_id=lease.id).update(
        state=JobState.FAILED if lease.is_last else JobState.QUEUED,
        available_at=timezone.now() + delay,
        leased_until=None,
        last_error=error[:500],
    )
