"""The local queue: one complete message at most, delivered once, no files left behind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from config.celery import app
from config.queues.folder_queue import delete_leftovers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "queue"


def connect(folder: Path) -> Connection:
    options = {"folder": str(folder), "polling_interval": 0.001}
    return Connection("folder://localhost", transport_options=options)


@pytest.fixture
def queue(folder: Path) -> Iterator[Any]:
    with connect(folder) as connection:
        simple = connection.SimpleQueue("work")
        yield simple
        simple.close()


def test_a_new_message_replaces_the_one_that_waits(queue: Any, folder: Path) -> None:
    """A message only wakes a worker: a second one would tell it nothing new."""
    for number in range(5):
        queue.put({"number": number})
        assert len(list(folder.iterdir())) == queue.qsize() == 1
    message = queue.get(timeout=1)
    message.ack()
    assert message.payload == {"number": 4}
    assert list(folder.iterdir()) == []
    with pytest.raises(Empty):
        queue.get(block=False)


@pytest.mark.parametrize("text", ['{"body": ', ""])
def test_an_unreadable_message_is_skipped(queue: Any, folder: Path, text: str) -> None:
    (folder / "work.msg").write_text(text)
    (folder / ".unready.work.msg").write_text('{"body"')
    with pytest.raises(Empty):
        queue.get(block=False)
    queue.put({"number": 1})
    assert queue.get(timeout=1).payload == {"number": 1}
    assert [p.name for p in folder.iterdir()] == [".unready.work.msg"]


def test_queues_do_not_mix(queue: Any, folder: Path) -> None:
    with connect(folder) as connection:
        other = connection.SimpleQueue("other")
        other.put({"for": "other"})
        with pytest.raises(Empty):
            queue.get(block=False)
        assert other.get(timeout=1).payload == {"for": "other"}
        other.close()


def test_no_message_has_two_readers_and_the_last_one_has_one(folder: Path) -> None:
    """Readers run while messages are written: none may see half a message."""
    count = 300

    def write() -> None:
        with connect(folder) as connection:
            simple = connection.SimpleQueue("work")
            for number in range(1, count + 1):
                simple.put({"number": number})
            simple.close()

    def read() -> list[int]:
        numbers = []
        with connect(folder) as connection:
            channel: Any = connection.default_channel
            while True:
                # Read before the queue: the last message may be written in between.
                is_all_written = writer.done()
                message = channel.basic_get("work", no_ack=True)
                if message is not None:
                    numbers.append(message.payload["number"])
                elif is_all_written:
                    return numbers

    folder.mkdir()
    with ThreadPoolExecutor(4) as pool:
        writer = pool.submit(write)
        readers = [pool.submit(read) for _ in range(3)]
        writer.result()
        numbers = Counter(number for reader in readers for number in reader.result())
    assert set(numbers.values()) == {1}
    assert max(numbers) == count


def test_an_unusable_folder_is_a_failed_connection(tmp_path: Path) -> None:
    (tmp_path / "queue").write_text("a file where the folder was")
    with pytest.raises(OSError, match="queue"), connect(tmp_path / "queue") as connection:
        connection.ensure_connection(max_retries=0)


def test_a_starting_worker_deletes_what_killed_processes_left(folder: Path) -> None:
    folder.mkdir()
    fresh, hidden, stale = folder / "work.msg", folder / ".0.work.msg", folder / ".1.work.msg"
    for path in (fresh, hidden, stale):
        path.write_text("{")
    os.utime(stale, (0, 0))
    assert delete_leftovers(folder) == 1
    assert set(folder.iterdir()) == {fresh, hidden}
    assert delete_leftovers(folder / "missing") == 0


def test_the_app_accepts_only_json_and_limits_its_tasks() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_time_limit > 0
    assert app.conf.worker_max_memory_per_child > 0
