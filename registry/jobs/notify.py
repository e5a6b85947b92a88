"""Wake a worker when a job was added. A lost message delays the job by seconds, nothing else."""

from __future__ import annotations

import structlog
from celery import current_app

_log = structlog.get_logger("plugport.work")


def wake_worker(job_id: int) -> None:
    """Send the job's id to the queue. Never raises: a broker error is only logged.

    The periodic task `registry.recover_jobs` finds jobs whose message was lost.
    """
    try:
        # By name: code that adds jobs must not import the code that runs them (a cycle).
        # `retry=False`: the publisher's request waits for this call.
        current_app.send_task("registry.work", args=(job_id,), retry=False, expires=3600)
    except Exception as error:  # noqa: BLE001 -- any broker error: the job is in the database
        _log.warning("wake_failed", job_id=job_id, error=type(error).__name__)
