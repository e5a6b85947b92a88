"""A Redis server that stops for a while and continues."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from config.backends import build_cache_settings
from tests.services.conftest import skip_or_fail
from tests.support.people import PASSWORD, create_user
from tests.support.redis_server import run_redis_server
from tests.support.server import wait_until

pytestmark = pytest.mark.django_db


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
