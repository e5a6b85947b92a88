"""Expensive work: in a child process, with a deadline, and once for all who ask at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from common.expensive import results
from common.expensive.errors import ServerBusyError
from common.expensive.pool import ProcessPool
from common.expensive.results import build_key, load_or_compute
from common.expensive.turns import Turns
from registry.representations.comparison_extract import compare_file_texts
from tests.support.data import ROOT
from tests.support.server import wait_until

# Longer than any test may take: a wait that is wrong is noticed.
LONG = 600.0
_START_AND_WAIT = """
import os, sys
from common.expensive.pool import ProcessPool
pool = ProcessPool(max_pending=1)
print(pool.compute(os.getpid, (), seconds=60), flush=True)
sys.stdin.read()
"""
_PRINT_RESULT = """
import sys, time
from pathlib import Path
from django.conf import settings
settings.configure(
    RESULT_CACHE_DIR=Path(sys.argv[1]), RESULT_CACHE_BYTES=10**7, COMPUTATION_SECONDS=60
)
from common.expensive.results import load_or_compute
print(load_or_compute(sys.argv[2], time.time_ns, tuple, is_cheap=lambda: False))
"""


@pytest.fixture(autouse=True)
def _patience(settings: Any) -> None:
    settings.COMPUTATION_SECONDS = LONG


@pytest.fixture
def pool() -> Iterator[ProcessPool]:
    return ProcessPool(max_pending=1)


def compute_pid(pool: ProcessPool) -> int:
    return pool.compute(os.getpid, (), seconds=LONG)


def test_one_process_computes_everything(pool: ProcessPool) -> None:
    pid = compute_pid(pool)
    assert pid != os.getpid()
    assert compute_pid(pool) == pid


def test_it_starts_without_django(pool: ProcessPool) -> None:
    pool.compute(compare_file_texts, ("a\n", "b\n"), seconds=LONG)
    assert not pool.compute(eval, ("'django' in __import__('sys').modules",), seconds=LONG)


def test_failures_have_the_traceback_of_the_child(pool: ProcessPool) -> None:
    pid = compute_pid(pool)
    with pytest.raises(RuntimeError, match="invalid literal for int"):
        pool.compute(int, ("x",), seconds=LONG)
    with pytest.raises(RuntimeError, match="MemoryError"):
        pool.compute(bytes, (1 << 40,), seconds=LONG)
    assert compute_pid(pool) == pid


def test_a_computation_is_ended_at_its_deadline(pool: ProcessPool) -> None:
    pid = compute_pid(pool)
    with pytest.raises(ServerBusyError) as caught:
        pool.compute(time.sleep, (LONG,), seconds=0.2)
    assert caught.value.context["retryAfterSeconds"] > 0
    assert not psutil.pid_exists(pid)
    assert compute_pid(pool) != pid


def test_a_process_that_stopped_is_replaced(pool: ProcessPool) -> None:
    pid = compute_pid(pool)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ServerBusyError):
        pool.compute(os.getpid, (), seconds=0.2)
    assert not psutil.pid_exists(pid)


def test_a_process_that_was_killed_is_replaced_without_an_error(pool: ProcessPool) -> None:
    pid = compute_pid(pool)
    os.kill(pid, signal.SIGKILL)
    assert compute_pid(pool) != pid


def test_large_arguments_and_results(pool: ProcessPool) -> None:
    text = "x" * 5_000_000
    assert pool.compute(str, (text,), seconds=LONG) == text


def test_the_process_ends_with_its_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _START_AND_WAIT],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    wait_until(lambda: not child.is_running())


def test_no_thread_waits_if_enough_do() -> None:
    turns = Turns(max_pending=1)
    with turns.take(max_seconds=LONG), pytest.raises(ServerBusyError):
        turns.take(max_seconds=LONG).__enter__()
    with turns.take(max_seconds=LONG):
        pass


def test_waiting_has_a_deadline() -> None:
    turns = Turns(max_pending=2)
    with turns.take(max_seconds=LONG), pytest.raises(ServerBusyError):
        turns.take(max_seconds=0.01).__enter__()


def load_time(key: str) -> int:
    """The time at which the result of the key was computed."""
    return load_or_compute(key, time.time_ns, tuple, is_cheap=lambda: False)


def test_threads_that_ask_at_once_get_one_computation() -> None:
    start = threading.Barrier(results.MAX_PENDING)
    times: list[int] = []

    def ask() -> None:
        start.wait()
        times.append(load_time(build_key("threads")))

    threads = [threading.Thread(target=ask) for _ in range(results.MAX_PENDING)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == results.MAX_PENDING
    assert len(set(times)) == 1


def test_processes_share_results(settings: Any) -> None:
    key = build_key("processes")
    ours = load_time(key)
    done = subprocess.run(
        [sys.executable, "-c", _PRINT_RESULT, settings.RESULT_CACHE_DIR, key],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == ours


def test_results_of_different_keys_fill_a_bounded_cache(settings: Any) -> None:
    settings.RESULT_CACHE_BYTES = 1 << 20
    for number in range(40):
        text = str(number) * 50_000
        load_or_compute(build_key(number), str, lambda text=text: (text,), is_cheap=lambda _: False)
    files = list(Path(settings.RESULT_CACHE_DIR).glob("*/*"))
    assert 0 < sum(path.stat().st_size for path in files) < (1 << 20) * 17 // 16


def test_a_spoilt_result_is_computed_again(settings: Any) -> None:
    key = build_key("spoilt")
    first = load_time(key)
    (path,) = Path(settings.RESULT_CACHE_DIR).glob("*/*")
    content = path.read_bytes()
    path.write_bytes(content[:8] + bytes(len(content) - 8))
    assert load_time(key) > first
