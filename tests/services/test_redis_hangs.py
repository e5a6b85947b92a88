"""A Redis server that stops for a while and continues."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from config.backends import build_cache_settings, build_celery_settings
from config.celery import app
from config.processes.stuck import STUCK_ROUNDS, StuckCheck
from tests.processes.harness import PATIENCE_SECONDS, build_environment, prepare_folder
from tests.services.conftest import skip_or_fail
from tests.support.data import ROOT
from tests.support.people import PASSWORD, create_user
from tests.support.redis_server import run_redis_server
from tests.support.server import wait_until

pytestmark = pytest.mark.django_db

# A worker that ends after two tasks, which its beats start. After the first, before the event loop
# continues, the server stops to respond for longer than clients wait.
_WORKER = """
import itertools
import django
django.setup()
from celery.signals import task_postrun
from celery.worker import state
from config.celery import app

count = itertools.count(1)

def pause_or_stop(**_):
    if next(count) == 1:
        with app.connection_for_write() as broker:
            broker.default_channel.client.client_pause(2000)
    else:
        state.should_stop = 0

app.conf.broker_transport_options["socket_timeout"] = 0.5
task_postrun.connect(pause_or_stop)
app.worker_main(["--quiet", "worker", "--loglevel", "warning"])
"""


@pytest.fixture
def server(tmp_path: Path, settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A server of its own, which the cache uses."""
    with contextlib.ExitStack() as stack:
        try:
            process, client = stack.enter_context(run_redis_server(tmp_path))
        except FileNotFoundError as error:
            skip_or_fail("Redis", error)
        port = client.connection_pool.connection_kwargs["port"]
        settings.CACHES = build_cache_settings(f"redis://127.0.0.1:{port}/0", tmp_path)
        yield process


def _sign_in(password: str) -> Any:
    client = Client(raise_request_exception=False)
    return client.post("/login", {"login": "acme", "password": password})


def test_sign_ins_work_again_when_it_continues(server: subprocess.Popen[bytes]) -> None:
    """What was sent while it hung locks nobody out; failures before and after count."""
    create_user("acme")
    assert _sign_in("wrong").status_code == 200
    server.send_signal(signal.SIGSTOP)
    assert [_sign_in(PASSWORD).status_code for _ in range(2)] == [503, 503]
    server.send_signal(signal.SIGCONT)
    # For a moment after a time-out, calls fail at once.
    wait_until(lambda: _sign_in(PASSWORD).status_code == 302)
    pages = [_sign_in("wrong").content for _ in range(5)]
    assert [b"Too many failed login attempts" in page for page in pages] == [False] * 4 + [True]


@pytest.mark.processes
def test_a_worker_takes_further_messages(
    server: subprocess.Popen[bytes], settings: Any, tmp_path: Path, empty_database: bytes
) -> None:
    folder = tmp_path / "data"
    prepare_folder(folder, empty_database)
    url = settings.CACHES["default"]["LOCATION"]
    done = subprocess.run(
        [sys.executable, "-c", _WORKER],
        cwd=ROOT,
        env=build_environment(folder, PLUGPORT_REDIS_URL=url),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_state_of_a_hanging_queue_is_unknown(
    server: subprocess.Popen[bytes],
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An outage replaces no worker."""
    url = settings.CACHES["default"]["LOCATION"]
    options = build_celery_settings(url, tmp_path, check_seconds=1)["broker_transport_options"]
    monkeypatch.setitem(app.conf, "broker_url", url)
    monkeypatch.setitem(app.conf, "broker_transport_options", {**options, "socket_timeout": 0.2})
    with app.connection_for_write() as broker:
        app.send_task("registry.work", connection=broker)
    check = StuckCheck()
    for _ in range(2):
        for _ in range(STUCK_ROUNDS - 1):
            assert not check.is_stuck(is_busy=False, taken=0, sent=0)
        server.send_signal(signal.SIGSTOP)
        assert not check.is_stuck(is_busy=False, taken=0, sent=0)
        server.send_signal(signal.SIGCONT)
    for number in range(STUCK_ROUNDS):
        is_last = number == STUCK_ROUNDS - 1
        assert check.is_stuck(is_busy=False, taken=0, sent=0) == is_last
