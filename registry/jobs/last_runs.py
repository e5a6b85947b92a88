"""The last start of each kind of periodic work: claims among workers, and signs of life."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.jobs.queue import has_available_job
from registry.models import LastRun

# The name under which workers record that they are able to run jobs.
WORK = "registry.work"
STALLED_SECONDS = 30


def record_run(name: str) -> None:
    """Record that the work starts now. 1 query."""
    LastRun.objects.bulk_create(
        [LastRun(name=name, at=timezone.now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def claim_run(name: str, *, interval_seconds: float) -> bool:
    """Whether the work is due and this process starts it: of several that try, exactly one does.

    2 queries if the work is due, otherwise 1.
    """
    now = timezone.now()
    last = LastRun.objects.filter(name=name).first()
    if last is None:
        try:
            with transaction.atomic():
                LastRun.objects.create(name=name, at=now)
        except IntegrityError:
            return False
        return True
    # A time in the future was written by a machine whose clock was wrong.
    if abs(now - last.at) < dt.timedelta(seconds=interval_seconds):
        return False
    return LastRun.objects.filter(name=name, at=last.at).update(at=now) == 1


def is_work_stalled() -> bool:
    """Whether jobs wait and no worker has given a sign of life for `STALLED_SECONDS`.

    1 query, and 1 more if a job has waited that long.
    """
    since = timezone.now() - dt.timedelta(seconds=STALLED_SECONDS)
    return (
        has_available_job(at=since) and not LastRun.objects.filter(name=WORK, at__gt=since).exists()
    )
