"""The background worker: one Celery app, its settings from Django, its periodic work."""

from __future__ import annotations

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("plugport")
app.conf.update(settings.CELERY)
app.autodiscover_tasks()
app.conf.beat_schedule_filename = str(settings.DATA_DIR / "beat-schedule")
app.conf.beat_schedule = {
    "recover-jobs": {"task": "registry.recover_jobs", "schedule": float(settings.SWEEP_SECONDS)},
    "sweep-storage": {"task": "registry.sweep_storage", "schedule": float(settings.SWEEP_SECONDS)},
    "count-downloads": {"task": "registry.roll_up_downloads", "schedule": 300.0},
}
