"""The worker's tasks: thin, idempotent, and never the only memory of the work."""

from __future__ import annotations

from celery import shared_task
from celery.signals import worker_ready

from registry import downloads
from registry import work as jobs
from registry.publishing import sweep


@shared_task(name="registry.work", acks_late=True)
def work(job_id: int | None = None) -> int:
    """Run the job that the message names, and whatever else is waiting."""
    return jobs.work_off(job_id)


@shared_task(name="registry.recover_jobs", expires=30)
def recover_jobs() -> int:
    """Periodic: run what no message led to, and what a dead worker held."""
    return jobs.work_off()


@shared_task(name="registry.sweep_storage", expires=30)
def sweep_storage() -> int:
    """Periodic: remove what a crash left in quarantine and scratch."""
    return sweep.sweep_storage()


@shared_task(name="registry.roll_up_downloads", expires=300)
def roll_up_downloads() -> int:
    """Periodic: bring the weekly download figures of the plugins up to date."""
    return downloads.roll_up()


@worker_ready.connect
def _on_worker_ready(**_kwargs: object) -> None:
    """A worker that starts looks at once for what the last one left."""
    recover_jobs.delay()
    sweep_storage.delay()
