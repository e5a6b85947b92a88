"""`manage.py check --deploy` reports a Redis server that would delete counts."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.commands.test_check_deploy import CONTACT, MAIL, REQUIRED
from tests.processes.harness import build_environment
from tests.services.conftest import skip_or_fail
from tests.support.data import ROOT
from tests.support.redis_server import run_redis_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[redis.Redis]:
    """A client of a server of its own."""
    with contextlib.ExitStack() as stack:
        try:
            _, client = stack.enter_context(run_redis_server(tmp_path))
        except FileNotFoundError as error:
            skip_or_fail("Redis", error)
        yield client


@pytest.mark.parametrize(
    ("limit", "policy", "reported"),
    [
        ("0", "allkeys-lru", []),
        ("100mb", "noeviction", []),
        ("100mb", "allkeys-lru", ["registry.W003"]),
        ("100mb", "volatile-ttl", ["registry.W003"]),
    ],
)
def test_a_policy_that_deletes_counts_is_reported(
    server: redis.Redis, tmp_path: Path, limit: str, policy: str, reported: list[str]
) -> None:
    server.config_set("maxmemory", limit)
    server.config_set("maxmemory-policy", policy)
    port = server.connection_pool.connection_kwargs["port"]
    variables = REQUIRED | CONTACT | MAIL | {"PLUGPORT_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=ROOT,
        env=build_environment(tmp_path, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.findall(r"\(([a-z_]+\.[EW]\d+)\)", done.stderr) == reported
