"""`/readyz` tells reading and publishing apart."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from registry.jobs.last_runs import STALLED_SECONDS
from registry.jobs.queue import enqueue_job, lease_job
from registry.models import Job, LastRun
from registry.tasks import run_jobs

pytestmark = pytest.mark.django_db


def add_job(*, waiting_seconds: float) -> None:
    enqueue_job("check-release", "404")
    waiting_since = timezone.now() - dt.timedelta(seconds=waiting_seconds)
    Job.objects.update(available_at=waiting_since, leased_until=waiting_since)


def get_states(client: Any) -> tuple[int, int, str]:
    """The statuses for reading and for publishing, and what both say of publishing."""
    reading, publishing = client.get("/readyz"), client.get("/readyz?for=publishing")
    assert reading.json()["publishing"] == publishing.json()["publishing"]
    assert client.get("/readyz?for=reading").status_code == reading.status_code
    return reading.status_code, publishing.status_code, reading.json()["publishing"]


def test_without_work_no_worker_is_needed(client: Any) -> None:
    assert get_states(client) == (200, 200, "ok")


def test_a_job_may_wait_for_a_worker_that_starts(client: Any) -> None:
    add_job(waiting_seconds=STALLED_SECONDS - 5)
    assert get_states(client) == (200, 200, "ok")


def test_a_job_that_waits_without_a_worker_makes_publishing_unavailable(client: Any) -> None:
    add_job(waiting_seconds=STALLED_SECONDS + 1)
    assert get_states(client) == (200, 503, "unavailable")
    assert client.get("/readyz?for=publishing").json()["status"] == "not ready"


def test_the_job_of_a_killed_worker_waits_when_its_lease_has_expired(client: Any) -> None:
    add_job(waiting_seconds=0)
    assert lease_job()
    assert get_states(client) == (200, 200, "ok")
    Job.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=STALLED_SECONDS + 1))
    assert get_states(client) == (200, 503, "unavailable")


def test_a_worker_that_takes_a_message_makes_publishing_available(client: Any) -> None:
    add_job(waiting_seconds=STALLED_SECONDS + 1)
    run_jobs()
    add_job(waiting_seconds=STALLED_SECONDS + 1)
    assert get_states(client) == (200, 200, "ok")
    LastRun.objects.update(at=timezone.now() - dt.timedelta(seconds=STALLED_SECONDS + 1))
    assert get_states(client) == (200, 503, "unavailable")


def test_an_unknown_purpose_is_refused(client: Any) -> None:
    response = client.get("/readyz?for=writing")
    assert response.status_code == 400
    assert "`writing`" in response.json()["detail"]
    assert "`publishing`" in response.json()["detail"]
