"""Counting calls in the memory of a process."""

from __future__ import annotations

import threading
import time

from registry import rate_limits
from registry.rate_limits import ProcessStorage

HOUR = 3600


def test_calls_add_up_in_the_window_of_their_caller() -> None:
    storage = ProcessStorage()
    assert [storage.incr("a", HOUR), storage.incr("a", HOUR, 3), storage.incr("b", HOUR)] == [
        1,
        4,
        1,
    ]
    assert (storage.get("a"), storage.get("b"), storage.get("c")) == (4, 1, 0)


def test_a_window_lasts_from_its_first_call() -> None:
    storage = ProcessStorage()
    before = time.time()
    storage.incr("a", HOUR)
    ends_at = storage.get_expiry("a")
    assert before + HOUR <= ends_at <= time.time() + HOUR
    storage.incr("a", 2 * HOUR)
    assert storage.get_expiry("a") == ends_at
    assert storage.get_expiry("nobody") <= time.time()


def test_a_window_that_has_ended_counts_no_more() -> None:
    storage = ProcessStorage()
    storage.incr("a", -1)
    assert storage.get("a") == 0
    assert storage.incr("a", HOUR) == 1


def test_ended_windows_are_deleted_before_memory_fills() -> None:
    storage = ProcessStorage()
    for number in range(3 * rate_limits.MIN_SWEEP_WINDOWS):
        storage.incr(f"address {number}", -1)
    assert storage.reset() <= rate_limits.MIN_SWEEP_WINDOWS


def test_open_windows_are_kept_for_any_number_of_callers() -> None:
    storage = ProcessStorage()
    for number in range(2 * rate_limits.MIN_SWEEP_WINDOWS):
        storage.incr(f"address {number}", HOUR)
    assert storage.get("address 0") == 1
    assert storage.reset() == 2 * rate_limits.MIN_SWEEP_WINDOWS
    assert storage.get("address 0") == 0


def test_one_caller_can_be_reset() -> None:
    storage = ProcessStorage()
    storage.incr("a", HOUR)
    storage.incr("b", HOUR)
    storage.clear("a")
    storage.clear("nobody")
    assert (storage.get("a"), storage.get("b")) == (0, 1)
    assert storage.check()


def test_threads_lose_no_call() -> None:
    storage = ProcessStorage()

    def call_often() -> None:
        for _ in range(2000):
            storage.incr("a", HOUR)

    threads = [threading.Thread(target=call_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get("a") == 8000
