"""The worker's tasks: thin, idempotent, and never the only memory of the work."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from registry import downloads, jobs
from registry.publishing import sweep
from registry.work import work_off


@shared_task(name="registry.work")
def work(job_id: int | None = None) -> int:
    """Run the job that the message names, and whatever else is waiting.

    One task takes new jobs for a bounded time only, so that its time limit tells a stuck job
    from a long list; the rest of the list has the next message.
    """
    done = work_off(job_id, seconds=settings.CHECK_SECONDS)
    if jobs.is_work_waiting():
        work.apply_async(retry=False)
    return done


@shared_task(name="registry.recover_jobs")
def recover_jobs() -> int:
    """Periodic: run what no message led to, and what a dead worker held."""
    return work_off(seconds=settings.CHECK_SECONDS)


@shared_task(name="registry.sweep_storage")
def sweep_storage() -> int:
    """Periodic: remove what a crash left in quarantine and scratch."""
    return sweep.sweep_storage()


@shared_task(name="registry.sweep_unfinished")
def sweep_unfinished() -> int:
    """Periodic: remove what is left of writes to the storage that were cut off."""
    return sweep.sweep_unfinished()


@shared_task(name="registry.roll_up_downloads")
def roll_up_downloads() -> int:
    """Periodic: bring the weekly download figures of the plugins up to date."""
    return downloads.roll_up()
