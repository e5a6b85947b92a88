"""Wake a worker when a job was added. A lost message delays the job by seconds, nothing else."""

from __future__ import annotations

import structlog
from celery import current_app

_log = structlog.get_logger("plugport.work")


def wake_worker() -> None:
    """Send a message that makes one worker look for jobs. Never raises: a broker error is logged.

    Workers also wake each other at an interval, so a job whose message was lost is found.
    """
    try:
        # By name: code that adds jobs must not import the code that runs them (a cycle).
        # `retry=False`: the publisher's request waits for this call.
        current_app.send_task("registry.work", retry=False)
    except Exception as error:  # noqa: BLE001 -- any broker error: the job is in the database
        _log.warning("wake_failed", error=type(error).__name__)
