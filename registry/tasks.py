"""The Celery task of the worker: thin and idempotent. The list of work is the `Job` table."""

from __future__ import annotations

from celery import shared_task
from celery.worker import state
from django.conf import settings

from registry.jobs.last_runs import WORK, record_run
from registry.jobs.notify import wake_worker
from registry.jobs.queue import has_available_job
from registry.jobs.runner import run_pending_jobs


@shared_task(name=WORK)
def run_jobs() -> int:
    """Record a sign of life, then run free jobs; returns how many ran."""
    record_run(WORK)
    # One message wakes one worker. Each one that finds more than it can run at once wakes another.
    if has_available_job(at_least=2):
        wake_worker()
    # A task takes no new job after `CHECK_SECONDS`, so that the hard time limit means one stuck job
    # and never a long list. Another message continues with the rest of the list.
    done = run_pending_jobs(
        seconds=settings.CHECK_SECONDS, is_stopping=lambda: state.should_stop is not None
    )
    if has_available_job():
        wake_worker()
    return done
