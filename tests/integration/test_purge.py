"""Shared caches are told which release they must not serve any longer."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from common.system_checks import SETTINGS_TAG
from registry.actions import flag_release, moderate_release
from registry.actions.run_job_again import run_job_again
from registry.jobs.kinds import JOB_KINDS, PURGE_CACHE
from registry.jobs.queue import lease_job
from registry.jobs.runner import run_job, run_pending_jobs
from registry.models import Job, JobState, Release
from tests.support.publishing import Publisher
from tests.support.server import find_free_port

pytestmark = pytest.mark.django_db

KEY = "release-acme~chat~1.0.0"
SECRET = "geheim"


class Cache:
    """A cache that keeps the requests, and responds with `status`; with 0 it does not respond."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.is_over = threading.Event()
        cache = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                cache.requests.append((self.command, self.path))
                cache.headers.append(dict(self.headers))
                if cache.status:
                    self.send_response(cache.status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                else:
                    cache.is_over.wait()

            do_POST = do_PURGE = respond  # noqa: N815 -- names of the base class

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/{SECRET}/purge/{{key}}"


@pytest.fixture
def cache(settings: Any) -> Iterator[Cache]:
    cache = Cache()
    thread = threading.Thread(target=cache.server.serve_forever)
    thread.start()
    settings.PURGE_URL = cache.url
    yield cache
    cache.is_over.set()
    cache.server.shutdown()
    thread.join()
    cache.server.server_close()


@pytest.fixture
def release(publisher: Publisher) -> Release:
    return publisher.publish()


def block(release: Release, moderator: User) -> None:
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Steals tokens.")


def pass_time(seconds: float) -> None:
    """Move the jobs into the past, as if time had passed."""
    for job in Job.objects.all():
        job.available_at -= dt.timedelta(seconds=seconds)
        job.save()


def test_a_quarantine_is_purged_at_once_and_again(
    cache: Cache, release: Release, moderator: User
) -> None:
    block(release, moderator)
    assert cache.requests == []
    assert run_pending_jobs() == 1
    assert cache.requests == [("POST", f"/{SECRET}/purge/{KEY}")]
    assert cache.headers[0]["Surrogate-Key"] == KEY
    assert "Authorization" not in cache.headers[0]
    pass_time(30)
    assert run_pending_jobs() == 1
    assert len(cache.requests) == 2
    assert not Job.objects.exists()


def test_a_revocation_is_purged(cache: Cache, release: Release, moderator: User) -> None:
    moderate_release.revoke_release(actor=moderator, release=release, reason="Steals tokens.")
    assert run_pending_jobs() == 1
    assert len(cache.requests) == 1


def test_the_key_is_one_of_the_package_and_its_images(
    cache: Cache, publisher: Publisher, moderator: User, client: Any
) -> None:
    pixel = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
    release = publisher.publish(version="1.0.0-rc.1+build.7", files={"pixel.gif": pixel})
    base = "plugins/@acme/chat/1.0.0-rc.1+build.7"
    responses = [client.get(f"/api/v1/{base}/download"), client.get(f"/{base}/raw/pixel.gif")]
    block(release, moderator)
    run_pending_jobs()
    for response in responses:
        response.getvalue()
        assert response.status_code == 200
        assert cache.headers[0]["Surrogate-Key"] in response.headers["Surrogate-Key"].split()
        assert cache.headers[0]["Surrogate-Key"] in response.headers["Cache-Tag"].split(",")
    assert cache.requests[0][1].endswith("/release-acme~chat~1.0.0-rc.1_build.7")


def test_changes_that_block_nothing_purge_nothing(
    cache: Cache, release: Release, owner: User, moderator: User
) -> None:
    flag_release.yank_release(actor=owner, release=release)
    flag_release.deprecate_release(actor=owner, release=release, message="Use another.")
    assert not Job.objects.exists()
    block(release, moderator)
    Job.objects.all().delete()
    moderate_release.restore_release(actor=moderator, release=release, reason="A mistake.")
    assert not Job.objects.exists()


def test_a_change_that_is_rolled_back_purges_nothing(
    cache: Cache, release: Release, moderator: User
) -> None:
    with transaction.atomic():
        block(release, moderator)
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_without_a_cache_there_is_no_job(release: Release, moderator: User, settings: Any) -> None:
    block(release, moderator)
    assert not Job.objects.exists()


def test_jobs_end_when_the_cache_was_removed_from_the_settings(
    cache: Cache, release: Release, moderator: User, settings: Any
) -> None:
    block(release, moderator)
    settings.PURGE_URL = ""
    assert run_pending_jobs() == 1
    assert cache.requests == []


def test_a_release_blocked_again_during_its_purge_is_purged_again(
    cache: Cache, release: Release, moderator: User
) -> None:
    block(release, moderator)
    running = lease_job()
    assert running is not None
    moderate_release.restore_release(actor=moderator, release=release, reason="A mistake.")
    block(release, moderator)
    run_job(running)
    assert run_pending_jobs() == 1
    assert len(cache.requests) == 2


@pytest.mark.parametrize(
    ("token", "header", "value"),
    [
        (SECRET, "Authorization", f"Bearer {SECRET}"),
        (f"Fastly-Key: {SECRET}", "Fastly-Key", SECRET),
    ],
)
def test_method_and_token_are_those_of_the_settings(
    cache: Cache,
    release: Release,
    moderator: User,
    settings: Any,
    token: str,
    header: str,
    value: str,
) -> None:
    settings.PURGE_METHOD, settings.PURGE_TOKEN = "PURGE", token
    block(release, moderator)
    run_pending_jobs()
    assert cache.requests[0][0] == "PURGE"
    assert cache.headers[0][header] == value


def refuse(cache: Cache, _settings: Any) -> str:
    cache.status = 403
    return "The cache responded 403."


def redirect(cache: Cache, _settings: Any) -> str:
    cache.status = 302
    return "The cache responded 302."


def remain_silent(cache: Cache, settings: Any) -> str:
    cache.status = 0
    settings.PURGE_SECONDS = 0.2
    return "The cache did not respond: "


def close_port(_cache: Cache, settings: Any) -> str:
    settings.PURGE_URL = f"http://127.0.0.1:{find_free_port()}/{SECRET}/{{key}}"
    return "The cache did not respond: ConnectionRefusedError."


@pytest.mark.parametrize("fail", [refuse, redirect, remain_silent, close_port])
def test_a_failure_is_visible_and_names_no_secret(
    cache: Cache,
    release: Release,
    moderator: User,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    fail: Callable[[Cache, Any], str],
) -> None:
    settings.PURGE_TOKEN = SECRET
    message = fail(cache, settings)
    block(release, moderator)
    with structlog.testing.capture_logs() as events, caplog.at_level(logging.INFO):
        assert run_pending_jobs() == 1
    job = Job.objects.earliest("pk")
    assert message in job.last_error
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    (event,) = (event for event in events if event["event"] == "job_failed")
    for text in (job.last_error, str(event), str(event["exc_info"]), caplog.text):
        assert SECRET not in text


def test_waits_grow_until_the_operator_has_to_act(
    cache: Cache, release: Release, moderator: User
) -> None:
    cache.status = 500
    block(release, moderator)
    Job.objects.latest("pk").delete()
    waits = [min(2**attempt, 600) for attempt in range(1, JOB_KINDS[PURGE_CACHE].max_attempts)]
    assert sum(waits) > 2 * 3600
    for wait in waits:
        before = timezone.now()
        assert run_pending_jobs() == 1
        available_at = Job.objects.get().available_at
        assert before <= available_at - dt.timedelta(seconds=wait) <= timezone.now()
        pass_time(700)
    assert run_pending_jobs() == 1
    job = Job.objects.get()
    assert job.state == JobState.FAILED
    assert f"`{KEY}`" in job.last_error
    assert len(cache.requests) == len(waits)
    assert run_pending_jobs() == 0


def test_a_cache_that_recovers_is_purged(cache: Cache, release: Release, moderator: User) -> None:
    cache.status = 503
    block(release, moderator)
    run_pending_jobs()
    cache.status = 204
    pass_time(60)
    assert run_pending_jobs() == 2
    assert not Job.objects.exists()


def test_a_job_that_failed_purges_when_it_runs_again(
    cache: Cache, release: Release, moderator: User
) -> None:
    cache.status = 503
    block(release, moderator)
    Job.objects.latest("pk").delete()
    Job.objects.update(attempts=JOB_KINDS[PURGE_CACHE].max_attempts - 1)
    assert run_pending_jobs() == 1
    job = Job.objects.get()
    assert job.state == JobState.FAILED
    assert cache.requests == []
    assert run_job_again(actor=moderator, job=job)
    # Still down: it is tried again as often as a new one.
    assert run_pending_jobs() == 1
    assert Job.objects.get().state == JobState.QUEUED
    cache.status = 200
    pass_time(60)
    assert run_pending_jobs() == 1
    assert len(cache.requests) == 2
    assert not Job.objects.exists()
    assert not run_job_again(actor=moderator, job=job)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PURGE_URL", f"https://cache.example.org/{SECRET}"),
        ("PURGE_URL", f"https://operator:{SECRET}@cache.example.org/{{key}}"),
        ("PURGE_URL", f"https://cache.example.org/{SECRET} ü/{{key}}"),
        ("PURGE_TOKEN", f"{SECRET}\né"),
    ],
)
def test_an_invalid_setting_is_a_system_check(settings: Any, name: str, value: str) -> None:
    setattr(settings, name, value)
    with pytest.raises(SystemCheckError, match=r"registry\.E006") as caught:
        call_command("check", tags=[SETTINGS_TAG])
    assert SECRET not in str(caught.value)
