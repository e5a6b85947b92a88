"""Two processes of a registry are killed at once: none is left without its parent."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import psutil
import pytest

from registry.publishing.failpoints import FailPoint
from tests.processes.harness import Registry, prepare_folder, wait_until
from tests.support.data import ROOT

pytestmark = pytest.mark.processes

ROLES = ("supervisor", "gateway", "web process", "worker")
# Those of granian, which start the gateway and the web processes.
PARENTS = ("server of the gateway", "server of Django")


def find_process(registry: Registry, role: str) -> psutil.Process:
    """The process of that role; the registry runs with one of each."""
    if role == "supervisor":
        assert registry.main is not None
        return psutil.Process(registry.main.pid)
    if role == "worker":
        return registry.find_processes("celery")[0]
    word = "gateway.app" if "gateway" in role else "config.wsgi"
    server, child = registry.find_processes(word)
    return server if role in PARENTS else child


def is_complete(registry: Registry) -> bool:
    """Whether there is one process of each role, as after a start."""
    return len(registry.find_processes("granian")) == 4 and bool(registry.find_processes("celery"))


@pytest.mark.parametrize("roles", [*combinations(ROLES, 2), PARENTS], ids=" and ".join)
def test_after_a_kill_of_two_processes_none_is_left_behind(
    registry: Registry, roles: tuple[str, str]
) -> None:
    wait_until(lambda: is_complete(registry), "a process of each role")
    before = registry.list_processes()
    killed = [find_process(registry, role) for role in roles]
    for process in killed:
        process.kill()
    if "supervisor" in roles:
        registry.wait_until_ended(before)
        assert registry.main is not None
        registry.main.wait()
        # The port is free at once.
        registry.start()
    else:
        registry.wait_until_ended(killed)
    wait_until(lambda: is_complete(registry), "a process of each role")
    wait_until(registry.is_answering, "a response")
    registry.wait_until_published(registry.publish(registry.build_version()[1]))
    registry.wait_until_clean()


def test_the_job_of_a_killed_worker_does_not_wait_for_its_lease(
    tmp_path: Path, empty_database: bytes
) -> None:
    folder = tmp_path / "data"
    prepare_folder(folder, empty_database)
    # Longer than the patience of the tests.
    registry = Registry(folder, PLUGPORT_LEASE_SECONDS="3600")
    try:
        registry.start()
        registry.arm(FailPoint.CHECKING)
        status_url = registry.publish(registry.build_version()[1])
        wait_until(lambda: registry.has_crashed(FailPoint.CHECKING), "a crash of the worker")
        registry.wait_until_published(status_url)
    finally:
        registry.close()


def test_workers_without_a_web_server_are_replaced_and_end_with_their_supervisor(
    tmp_path: Path, empty_database: bytes
) -> None:
    folder = tmp_path / "data"
    prepare_folder(folder, empty_database)
    registry = Registry(folder)
    command = [sys.executable, "manage.py", "run_workers", "--processes", "2"]
    supervisor = subprocess.Popen(command, cwd=ROOT, env=registry.environment)
    try:
        wait_until(lambda: len(registry.find_processes("celery")) == 2, "two workers")
        first = registry.find_processes("celery")[0]
        first.kill()
        registry.wait_until_ended([first])
        wait_until(lambda: len(registry.find_processes("celery")) == 2, "another worker")
        supervisor.kill()
        supervisor.wait()
        registry.wait_until_alone()
    finally:
        registry.close()
