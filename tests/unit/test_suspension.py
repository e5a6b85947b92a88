"""Calls of a service that hangs are suspended; one of them tries again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from common.suspension import Suspension


@pytest.fixture
def other_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


def test_all_calls_fail_while_it_lasts(other_thread: ThreadPoolExecutor) -> None:
    suspension = Suspension(seconds=3600, trial_seconds=3600)
    assert suspension.allows_call()
    suspension.start()
    assert not suspension.allows_call()
    assert not other_thread.submit(suspension.allows_call).result()
    suspension.end()
    assert suspension.allows_call()
    assert other_thread.submit(suspension.allows_call).result()


def test_one_thread_tries_again_while_the_others_fail(other_thread: ThreadPoolExecutor) -> None:
    suspension = Suspension(seconds=0, trial_seconds=3600)
    suspension.start()
    # A call may check several times: when it connects, and when it sends.
    assert [suspension.allows_call() for _ in range(3)] == [True] * 3
    assert not other_thread.submit(suspension.allows_call).result()
    suspension.start()
    assert other_thread.submit(suspension.allows_call).result()
    assert not suspension.allows_call()
    other_thread.submit(suspension.end).result()
    assert suspension.allows_call()
