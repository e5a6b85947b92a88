"""One worker process: it refuses pools of processes, and it ends at its limits."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from config.processes.commands import build_worker_command
from tests.processes.harness import (
    PATIENCE_SECONDS,
    build_environment,
    prepare_folder,
    wait_until,
)
from tests.support.data import ROOT

pytestmark = pytest.mark.processes

# Tasks that reach a limit, in the app of the real worker.
_PROGRAM = """
import sys
import django
django.setup()
from celery.signals import worker_ready
from config.celery import app

@app.task(name="calculate")
def calculate():
    # One operation in C that keeps the interpreter's lock and handles no signal.
    return 7 ** (10 ** 9)

@app.task(name="do_nothing")
def do_nothing():
    pass

limit, task = sys.argv[1].split("="), sys.argv[2]
app.conf[limit[0]] = int(limit[1])
worker_ready.connect(lambda **_: app.send_task(task), weak=False)
app.worker_main(["--quiet", "worker", "--loglevel", "warning"])
"""

_STUCK_PROGRAM = """
import threading
import django
django.setup()
from celery.signals import worker_ready
from config.celery import app

def wait_for_nothing(**_):
    threading.Event().wait()

worker_ready.connect(wait_for_nothing)
app.worker_main(["--quiet", "worker", "--loglevel", "warning"])
"""


@pytest.fixture
def environment(tmp_path: Path, empty_database: bytes) -> dict[str, str]:
    folder = tmp_path / "data"
    prepare_folder(folder, empty_database)
    return build_environment(folder)


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_a_pool_that_cannot_stop_checks_is_refused(environment: dict[str, str]) -> None:
    celery = str(Path(sys.executable).parent / "celery")
    done = run(environment, celery, "--app", "config.celery", "worker", "--pool", "threads")
    assert done.returncode == 1
    assert "Use --pool=solo" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_task_that_cannot_be_interrupted_ends_its_worker(environment: dict[str, str]) -> None:
    done = run(environment, sys.executable, "-c", _PROGRAM, "task_time_limit=1", "calculate")
    assert done.returncode == 1
    assert "Timeout (0:00:01)!" in done.stderr
    assert "in calculate" in done.stderr


def test_a_worker_that_takes_no_message_ends(environment: dict[str, str]) -> None:
    """Its main thread waits, in no task. Its own beat is the message that waits."""
    done = run(environment, sys.executable, "-c", _STUCK_PROGRAM)
    assert done.returncode == 1, done.stderr
    assert "worker_stuck" in done.stderr
    assert "in wait_for_nothing" in done.stderr


def test_a_worker_that_has_grown_ends_after_its_task(environment: dict[str, str]) -> None:
    limit = "worker_max_memory_per_child=1000"
    done = run(environment, sys.executable, "-c", _PROGRAM, limit, "do_nothing")
    assert (done.returncode, "worker_replaced" in done.stderr) == (0, True), done.stderr


def test_periodic_work_waits_for_no_queue(environment: dict[str, str]) -> None:
    """An expired upload is swept while the queue does not respond. No process listens on port 1."""
    path = Path(environment["PLUGPORT_DATA_DIR"], "plugport.sqlite3")
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO registry_upload (id, key, actor_id, expires_at)"
            " SELECT ?, 'quarantine/expired', id, '2020-01-01 00:00:00' FROM accounts_user",
            [uuid.uuid4().hex],
        )

    def is_swept() -> bool:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return not connection.execute("SELECT key FROM registry_upload").fetchall()

    assert not is_swept()
    environment |= {"PLUGPORT_REDIS_URL": "redis://127.0.0.1:1/0"}
    worker = subprocess.Popen(build_worker_command(), cwd=ROOT, env=environment)
    try:
        wait_until(is_swept, "the sweep")
    finally:
        worker.kill()
        worker.wait()
