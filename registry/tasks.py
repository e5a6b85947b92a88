"""The worker's Celery tasks: thin and idempotent. The list of work is the `Job` table."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from registry.downloads import counts, receipts
from registry.jobs import queue
from registry.jobs.runner import run_pending_jobs
from registry.publishing import sweep


@shared_task(name="registry.work")
def run_jobs(job_id: int | None = None) -> int:
    """Run the job that the message names, then every other free job; returns how many ran."""
    # A task stops taking new jobs after `CHECK_SECONDS`, so that Celery's hard time limit means
    # one stuck job and never a long list. Another message continues with the rest of the list.
    done = run_pending_jobs(job_id, seconds=settings.CHECK_SECONDS)
    if queue.has_available_job():
        run_jobs.apply_async(retry=False)
    return done


@shared_task(name="registry.recover_jobs")
def recover_jobs() -> int:
    """Periodic: run jobs whose message was lost or whose worker died; returns how many."""
    return run_pending_jobs(seconds=settings.CHECK_SECONDS)


@shared_task(name="registry.sweep_storage")
def sweep_storage() -> int:
    """Periodic: remove what crashes left in quarantine and scratch; returns how many items."""
    return sweep.sweep_storage()


@shared_task(name="registry.sweep_unfinished")
def sweep_unfinished() -> int:
    """Periodic: remove interrupted storage writes; returns how many."""
    return sweep.sweep_unfinished()


@shared_task(name="registry.roll_up_downloads")
def roll_up_downloads() -> int:
    """Periodic: recompute weekly downloads, delete old receipts; returns how many plugins changed."""
    receipts.delete_old_receipts()
    return counts.update_weekly_downloads()
