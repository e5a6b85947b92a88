"""Telling the worker that there is work. A lost message costs seconds, never the work."""

from __future__ import annotations

import structlog

_log = structlog.get_logger("plugport.work")


def wake_worker(job_id: int) -> None:
    """Send the id of a job to the queue; if the queue does not answer, the sweep will find it."""
    from registry.tasks import work

    try:
        work.apply_async(args=(job_id,), retry=False, expires=3600)
    except Exception as error:  # noqa: BLE001 -- any broker fault: the list in the database holds the work
        _log.warning("wake_failed", job_id=job_id, error=type(error).__name__)
