"""Wake a worker when a job was added. A lost message delays the job by seconds, nothing else."""

from __future__ import annotations

import threading

import structlog
from celery import current_app
from django.conf import settings

from common.background import BackgroundThread

_log = structlog.get_logger("plugport.work")
_is_pending = threading.Event()
_accepted = 0


def wake_worker() -> None:
    """Send a message that makes one worker look for jobs. Never raises: a broker error is logged.

    With Redis, a thread sends it: a publisher must not wait for a queue that hangs. Workers also
    wake each other at an interval, so a job whose message was lost is found.
    """
    if settings.REDIS_URL:
        _is_pending.set()
        _sender.start()
        _sender.wake()
    else:
        _send()


def _send_pending() -> None:
    if _is_pending.is_set():
        _is_pending.clear()
        _send()


def count_accepted() -> int:
    """Return how many messages of this process the broker has accepted."""
    return _accepted


def _send() -> None:
    global _accepted  # noqa: PLW0603 -- one for each process
    try:
        # By name: code that adds jobs must not import the code that runs them (a cycle).
        current_app.send_task("registry.work", retry=False)
    except Exception as error:  # noqa: BLE001 -- any broker error: the job is in the database
        _log.warning("wake_failed", error=type(error).__name__)
    else:
        _accepted += 1


_sender = BackgroundThread("wake", _send_pending, error_event="wake_failed", runs_at_exit=True)
