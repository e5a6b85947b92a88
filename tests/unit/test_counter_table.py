"""Counting in a file that processes share and from which no entry is evicted."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from common.counters.cache import CounterCache
from common.counters.table import CounterTable, CounterTableError, get_counter_table
from common.rate_limits import TableStorage
from tests.support.data import ROOT

HOUR = 3600
MANY = 15_000


@pytest.fixture
def storage(tmp_path: Path) -> TableStorage:
    return TableStorage(f"sqlite://{tmp_path}/counters.sqlite3")


@pytest.fixture
def cache(tmp_path: Path) -> CounterCache:
    return CounterCache(str(tmp_path / "counters.sqlite3"), {})


def test_calls_add_up_in_the_window_of_their_caller(storage: TableStorage) -> None:
    counts = [storage.incr("a", HOUR), storage.incr("a", HOUR, 3), storage.incr("b", HOUR)]
    assert counts == [1, 4, 1]
    assert (storage.get("a"), storage.get("b"), storage.get("c")) == (4, 1, 0)
    storage.clear("a")
    assert (storage.get("a"), storage.get("b"), storage.check()) == (0, 1, True)
    storage.reset()
    assert storage.get("b") == 0


def test_a_window_lasts_from_its_first_call(storage: TableStorage) -> None:
    before = time.time()
    storage.incr("a", HOUR)
    ends_at = storage.get_expiry("a")
    assert before + HOUR <= ends_at <= time.time() + HOUR
    storage.incr("a", 2 * HOUR)
    assert storage.get_expiry("a") == ends_at
    assert storage.get_expiry("nobody") <= time.time()
    storage.incr("ended", -1)
    assert storage.get("ended") == 0
    assert storage.incr("ended", HOUR) == 1


def test_no_number_of_others_displaces_a_counter(storage: TableStorage) -> None:
    storage.incr("a", HOUR)
    for number in range(MANY):
        storage.incr(f"b{number}", HOUR, 5)
    assert (storage.get("a"), storage.get("b0")) == (1, 5)


def test_ended_windows_take_no_space(tmp_path: Path) -> None:
    table = CounterTable(tmp_path / "counters.sqlite3")
    for number in range(2000):
        table.set(f"a{number}", "[]", time.time() - 1)
    table.set("b", "[]", time.time() + HOUR)
    assert table.find("a0") is None
    assert (tmp_path / "counters.sqlite3").stat().st_size < 100_000


def test_the_cache_stores_json(cache: CounterCache) -> None:
    assert cache.get("a", []) == []
    cache.set("a", [1.5, 2.5], 60)
    assert cache.get("a") == [1.5, 2.5]
    cache.set("a", [1.5], -1)
    assert cache.get("a") is None
    cache.set("a", True, None)
    assert (cache.get("a"), cache.touch("a", 60), cache.touch("b", 60)) == (True, True, False)
    assert (cache.delete("a"), cache.delete("a"), cache.get("a")) == (True, False, None)


def test_one_of_many_adds_a_key(tmp_path: Path) -> None:
    """Each caller has its own connection, as processes have."""
    barrier = Barrier(4)

    def add(number: int) -> int:
        table = CounterTable(tmp_path / "counters.sqlite3")
        added = 0
        for key in range(20):
            barrier.wait()
            added += table.add(str(key), str(number), time.time() + HOUR)
        return added

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(add, range(4))) == 20


_PROGRAM = """
import sys
from pathlib import Path
from common.counters.table import CounterTable
table = CounterTable(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    table.increase("a", 1, 3600)
"""


@pytest.mark.processes
def test_processes_share_the_counts_and_a_killed_one_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "counters.sqlite3"
    command = [sys.executable, "-c", _PROGRAM, str(path)]
    processes = [subprocess.Popen([*command, "300"], cwd=ROOT) for _ in range(3)]
    assert [process.wait() for process in processes] == [0] * 3
    table = get_counter_table(path)
    assert (table.find("a") or ("",))[0] == "900"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    killed = subprocess.Popen([*command, "1000000"], cwd=ROOT)
    while (table.find("a") or ("",))[0] == "900":
        pass
    killed.kill()
    killed.wait()
    count = int((table.find("a") or ("",))[0])
    assert table.increase("a", 1, HOUR) == count + 1


def test_a_file_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database " * 100)
    for path in (tmp_path / "text", tmp_path / "text" / "counters.sqlite3"):
        with pytest.raises(CounterTableError, match="text"):
            CounterTable(path).add("a", "", time.time() + HOUR)
