"""The Celery app, configured by Django's settings. `config.processes.worker` sets up the worker process."""

from __future__ import annotations

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

from config.startup import exit_on_start_error

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Celery warns about root because unpickling a message can run code (CWE-502). This app accepts
# only JSON.
warnings.filterwarnings(
    "ignore", message=r"\s*You're running the worker with superuser", category=SecurityWarning
)
# By name: each is imported only when its scheme is used.
TRANSPORT_ALIASES["folder"] = "config.queues.folder_queue:FolderTransport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "config.queues.redis_queue:WakeTransport"
app = Celery("plugport")
with exit_on_start_error():
    app.conf.update(settings.CELERY)
app.autodiscover_tasks(["registry"])
app.steps["worker"].add("config.processes.worker:WorkerSetup")
