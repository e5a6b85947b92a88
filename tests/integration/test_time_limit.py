"""Work that exceeds its time limit is stopped, even if it swallows exceptions."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from registry.errors import WorkTimeoutError
from registry.publishing.time_limit import run_with_timeout


def run_for_ever() -> None:
    while True:
        pass


def test_work_in_time_gives_its_result() -> None:
    assert run_with_timeout(60, lambda: "done") == "done"
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_work_that_never_ends_is_stopped() -> None:
    with pytest.raises(WorkTimeoutError):
        run_with_timeout(0.01, run_for_ever)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_work_that_swallows_the_first_stop_is_stopped_again() -> None:
    swallowed = []

    def swallow_once() -> None:
        try:
            run_for_ever()
        except Exception as error:  # noqa: BLE001 -- what this test is about
            swallowed.append(error)
        run_for_ever()

    # Long enough for the work to begin, on a busy machine too.
    with pytest.raises(WorkTimeoutError):
        run_with_timeout(0.5, swallow_once)
    assert len(swallowed) == 1


def test_other_failures_pass_through() -> None:
    with pytest.raises(ZeroDivisionError):
        run_with_timeout(60, lambda: 1 / 0)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_work_that_could_not_be_stopped_is_not_started() -> None:
    """Only the main thread can be interrupted."""
    started: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run_with_timeout, 1, lambda: started.append("work"))
    with pytest.raises(RuntimeError, match="main thread"):
        future.result()
    assert started == []
