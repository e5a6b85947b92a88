"""Periodic work: one of all workers does it, once in each interval."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from config.processes.worker import build_periodic_runner
from registry.jobs.last_runs import claim_run
from registry.models import LastRun

pytestmark = pytest.mark.django_db


def test_work_is_claimed_once_in_each_interval() -> None:
    assert claim_run("sweep", interval_seconds=60)
    assert not claim_run("sweep", interval_seconds=60)
    LastRun.objects.update(at=timezone.now() - dt.timedelta(seconds=61))
    assert claim_run("sweep", interval_seconds=60)
    assert not claim_run("sweep", interval_seconds=60)
    assert claim_run("other", interval_seconds=60)


def test_a_time_in_the_future_does_not_stop_the_work() -> None:
    """It was written by a machine whose clock was wrong."""
    LastRun.objects.create(name="sweep", at=timezone.now() + dt.timedelta(days=400))
    assert claim_run("sweep", interval_seconds=60)
    assert not claim_run("sweep", interval_seconds=60)


def test_every_periodic_work_runs_in_the_first_worker_only() -> None:
    first, second = build_periodic_runner(), build_periodic_runner()
    first.run_due()
    runs = dict(LastRun.objects.values_list("name", "at"))
    assert runs.keys() == first.works.keys()
    second.run_due()
    assert dict(LastRun.objects.values_list("name", "at")) == runs
