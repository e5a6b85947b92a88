"""Counting calls in a file that processes share."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from itertools import count, islice
from pathlib import Path

import pytest

from common.counters.windows import SharedWindows, get_windows
from common.rate_limits import FileStorage
from tests.support.data import ROOT

HOUR = 3600
MANY = 20_000


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage((tmp_path / "limits and counts").as_uri())


def test_calls_add_up_in_the_window_of_their_caller(storage: FileStorage) -> None:
    counts = [storage.incr("a", HOUR), storage.incr("a", HOUR, 3), storage.incr("b", HOUR)]
    assert counts == [1, 4, 1]
    assert (storage.get("a"), storage.get("b"), storage.get("c")) == (4, 1, 0)


def test_a_window_lasts_from_its_first_call(storage: FileStorage) -> None:
    before = time.time()
    storage.incr("a", HOUR)
    ends_at = storage.get_expiry("a")
    assert before + HOUR <= ends_at <= time.time() + HOUR
    storage.incr("a", 2 * HOUR)
    assert storage.get_expiry("a") == ends_at
    assert storage.get_expiry("nobody") <= time.time()


def test_a_window_that_has_ended_counts_no_more(storage: FileStorage) -> None:
    storage.incr("a", -1)
    assert storage.get("a") == 0
    assert storage.incr("a", HOUR) == 1


def test_open_windows_are_kept_for_many_callers(storage: FileStorage) -> None:
    for number in range(MANY):
        storage.incr(f"address {number}", HOUR)
    assert {storage.get(f"address {number}") for number in range(MANY)} == {1}
    storage.reset()
    assert storage.get("address 0") == 0


def test_more_callers_than_slots_do_not_displace_the_busiest(tmp_path: Path) -> None:
    windows = SharedWindows(tmp_path / "small", buckets=1)
    windows.add("busy", HOUR, 5)
    for number in range(100):
        assert windows.add(f"address {number}", HOUR) == 1
    assert windows.get("busy")[0] == 5
    assert (tmp_path / "small").stat().st_size == 32 + 256


def _find_neighbors(key: str, number: int) -> list[str]:
    """Keys that share the slots of another one if their position is a plain hash."""

    def locate(text: str) -> int:
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        return int.from_bytes(digest[:8]) % 16_384

    names = (f"address {n}" for n in count())
    return list(islice((name for name in names if locate(name) == locate(key)), number))


def test_nobody_can_select_the_callers_whose_slots_are_those_of_another(
    storage: FileStorage,
) -> None:
    storage.incr("victim", HOUR, 5)
    for name in _find_neighbors("victim", 9):
        storage.incr(name, HOUR, 6)
    assert storage.get("victim") == 5


def test_ended_windows_are_replaced_first(tmp_path: Path) -> None:
    windows = SharedWindows(tmp_path / "small", buckets=1)
    windows.add("ended", -1, 100)
    for number in range(7):
        windows.add(f"address {number}", HOUR)
    windows.add("next", HOUR)
    assert [windows.get(f"address {number}")[0] for number in range(7)] == [1] * 7


def test_one_caller_can_be_reset(storage: FileStorage) -> None:
    storage.incr("a", HOUR)
    storage.incr("b", HOUR)
    storage.clear("a")
    storage.clear("nobody")
    assert (storage.get("a"), storage.get("b")) == (0, 1)
    assert storage.check()


def test_threads_lose_no_call(storage: FileStorage) -> None:
    def call_often() -> None:
        for _ in range(2000):
            storage.incr("a", HOUR)

    threads = [threading.Thread(target=call_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get("a") == 8000


_PROGRAM = """
import sys
from pathlib import Path
from common.counters.windows import SharedWindows
windows = SharedWindows(Path(sys.argv[1]))
for _ in range(2000):
    windows.add("a", 3600)
"""


@pytest.mark.processes
def test_processes_share_the_counts_and_a_killed_one_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    command = [sys.executable, "-c", _PROGRAM, str(path)]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    windows = get_windows(path)
    assert windows.get("a")[0] == 8000
    killed = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM.replace("2000", "10**9"), str(path)], cwd=ROOT
    )
    while windows.get("a")[0] == 8000:
        pass
    killed.kill()
    killed.wait()
    count = windows.get("a")[0]
    assert windows.add("a", HOUR) == count + 1
    assert [each.name for each in tmp_path.iterdir()] == ["limits"]


def test_a_file_of_another_size_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    path.write_bytes(b"x" * 100)
    assert SharedWindows(path).add("a", HOUR) == 1


def test_a_folder_that_cannot_be_used_is_an_error_of_the_storage(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=os.strerror(20)):
        SharedWindows(tmp_path / "file" / "limits").add("a", HOUR)
