"""Queue a failed job again."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from registry.jobs.notify import wake_worker
from registry.jobs.queue import requeue_job
from registry.models import Job
from registry.policies import check_may_run_jobs


def run_job_again(*, actor: User, job: Job) -> bool:
    """Let a worker run the job with all its attempts; returns whether it had failed.

    A job that is queued, leased or finished stays as it is. Raises `NotMemberError` unless the actor
    is a moderator.
    """
    check_may_run_jobs(actor)
    with transaction.atomic():
        is_queued = requeue_job(job)
        if is_queued:
            record_audit_entry(
                actor=actor, action="job.requeued", target=job, attempts=job.attempts
            )
            transaction.on_commit(wake_worker, robust=True)
    return is_queued
