"""The Celery app, configured by Django's settings. `config.worker` sets up the worker process."""

from __future__ import annotations

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning
from django.conf import settings

from config import folder_queue
from config.startup import exit_on_start_error

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Celery warns about root because unpickling a message can run code (CWE-502). This app accepts
# only JSON.
warnings.filterwarnings(
    "ignore", message=r"\s*You're running the worker with superuser", category=SecurityWarning
)
folder_queue.register_transport()
app = Celery("plugport")
with exit_on_start_error():
    app.conf.update(settings.CELERY)
app.autodiscover_tasks(["registry"])
app.steps["worker"].add("config.worker:WorkerSetup")
