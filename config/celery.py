"""The background worker: one Celery app, its settings from Django, its periodic work.

The worker sends its periodic tasks itself, from a thread, to whichever worker is free. So every
worker is enough alone, and there is no scheduler process that could die unnoticed; that several
workers send the same task is harmless, since each task looks first whether there is work.
"""

from __future__ import annotations

import contextlib
import os
import resource
import threading
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

from config import folder_queue
from config.parent import end_with_parent, make_death_signal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_log = structlog.get_logger("plugport.worker")

# Celery warns of root because pickled messages run code; this app accepts JSON and nothing else.
warnings.filterwarnings(
    "ignore", message=r"\s*You're running the worker with superuser", category=SecurityWarning
)
folder_queue.register_transport()
app = Celery("plugport")
app.conf.update(settings.CELERY)
app.autodiscover_tasks()

PERIODIC: Mapping[str, float] = {
    "registry.recover_jobs": float(settings.SWEEP_SECONDS),
    "registry.sweep_storage": float(settings.SWEEP_SECONDS),
    "registry.sweep_unfinished": 3600.0,
    "registry.roll_up_downloads": 300.0,
    "marketplace.index_changes": float(settings.SWEEP_SECONDS),
    "marketplace.forget_searches": 86400.0,
}
_TICK_SECONDS = 0.5


class Periodic(bootsteps.StartStopStep):
    """Sends each periodic task at once when the worker starts, then again and again."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._stop = threading.Event()

    def start(self, worker: Any) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="periodic", daemon=True).start()

    def stop(self, worker: Any) -> None:
        """Let the thread end."""
        self._stop.set()

    def _run(self) -> None:
        due = dict.fromkeys(PERIODIC, 0.0)
        while not self._stop.is_set():
            now = time.monotonic()
            for name in [name for name, at in due.items() if at <= now]:
                due[name] = now + PERIODIC[name]
                self._send(name)
            self._stop.wait(_TICK_SECONDS)

    def _send(self, name: str) -> None:
        try:
            app.send_task(name, expires=30, retry=False)
        except Exception as error:  # noqa: BLE001 -- the queue is away: the next round tries again
            _log.warning("periodic_not_sent", task=name, error=type(error).__name__)


app.steps["worker"].add(Periodic)


@worker_init.connect
def _clean_queue(**_kwargs: object) -> None:
    """Messages that no worker took are void: the first periodic task finds the work itself."""
    if folder := settings.CELERY["broker_transport_options"].get("folder"):
        folder_queue.clean_folder(Path(folder))


@worker_process_init.connect
def _outlive_thread(**_kwargs: object) -> None:
    """End with the worker, and not with the thread of the worker that forked this process.

    Celery has the kernel kill a pool process when the thread that forked it ends. Of one that
    replaced another that is a thread which ends first in a shutdown: it would be killed in the
    middle of its task.
    """
    make_death_signal(0)()
    end_with_parent()


@worker_process_init.connect
def _bound_memory(**_kwargs: object) -> None:
    """What a package makes a check allocate ends in `MemoryError` there, not in a full machine."""
    most = settings.WORKER_MEMORY_MB << 20
    with contextlib.suppress(ValueError, OSError):  # a lower limit is set already
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
