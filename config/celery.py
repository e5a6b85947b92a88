"""The background worker: the Celery app, configured by Django's settings, and its periodic tasks.

Each worker sends the periodic tasks itself, from a thread, and any free worker runs them. There is
no scheduler process that could fail unnoticed. Several workers may send the same task: each task
first checks whether there is work.
"""

from __future__ import annotations

import contextlib
import os
import resource
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from celery import Celery, bootsteps
from celery.exceptions import SecurityWarning
from celery.signals import worker_init, worker_process_init
from django.conf import settings

from common.background import BackgroundThread
from config import folder_queue
from config.parent_watchdog import build_death_signal_setter, exit_with_parent
from config.startup import exit_on_start_error

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_log = structlog.get_logger("plugport.worker")

# Celery warns about root because unpickling a message can run code (CWE-502). This app accepts
# only JSON.
warnings.filterwarnings(
    "ignore", message=r"\s*You're running the worker with superuser", category=SecurityWarning
)
folder_queue.register_transport()
app = Celery("plugport")
with exit_on_start_error():
    app.conf.update(settings.CELERY)
app.autodiscover_tasks(["registry", "marketplace"])

PERIODIC_INTERVALS: Mapping[str, float] = {
    "registry.recover_jobs": float(settings.SWEEP_SECONDS),
    "registry.sweep_storage": float(settings.SWEEP_SECONDS),
    "registry.sweep_unfinished": 3600.0,
    "registry.roll_up_downloads": 300.0,
    "marketplace.index_changes": float(settings.SWEEP_SECONDS),
    "marketplace.forget_searches": 86400.0,
}
_TICK_SECONDS = 0.5


class PeriodicTasks(bootsteps.StartStopStep):
    """Sends each periodic task when the worker starts, then at its interval."""

    # The first tasks arrive at once, so the pool must be ready.
    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._due_at = dict.fromkeys(PERIODIC_INTERVALS, 0.0)
        self._thread = BackgroundThread(
            "periodic",
            self._send_due,
            error_event="periodic_failed",
            interval_seconds=_TICK_SECONDS,
            runs_at_start=True,
        )

    def start(self, worker: Any) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, worker: Any) -> None:
        """Stop the thread, but do not wait for a queue that does not respond."""
        self._thread.stop(timeout_seconds=_TICK_SECONDS)

    def _send_due(self) -> None:
        now = time.monotonic()
        for name in [name for name, at in self._due_at.items() if at <= now]:
            self._due_at[name] = now + PERIODIC_INTERVALS[name]
            self._send(name)

    def _send(self, name: str) -> None:
        try:
            # Expired messages are dropped, so none pile up while all workers are busy.
            app.send_task(name, expires=30, retry=False)
        except Exception as error:  # noqa: BLE001 -- no queue: the next interval tries again
            _log.warning("periodic_not_sent", task=name, error=type(error).__name__)


app.steps["worker"].add(PeriodicTasks)


@worker_init.connect
def _clean_queue(**_kwargs: object) -> None:
    """Delete old messages: the first periodic task finds the open jobs in the database."""
    if folder := settings.CELERY["broker_transport_options"].get("folder"):
        folder_queue.delete_messages(Path(folder))


@worker_process_init.connect
def _exit_with_worker(**_kwargs: object) -> None:
    """End this pool process when the worker ends, not when the thread that forked it ends.

    Celery sets PR_SET_PDEATHSIG, which applies to the forking thread (prctl(2)). A replacement
    process is forked by a thread that ends first in a shutdown, so the kernel would kill it in the
    middle of its task.
    """
    build_death_signal_setter(0)()
    exit_with_parent()


@worker_process_init.connect
def _limit_memory(**_kwargs: object) -> None:
    """Limit the memory of checks: a hostile package gets a `MemoryError`, not the whole machine."""
    max_bytes = settings.WORKER_MEMORY_MB * 1_000_000
    with contextlib.suppress(ValueError, OSError):  # the hard limit is lower already
        resource.setrlimit(resource.RLIMIT_DATA, (max_bytes, max_bytes))
