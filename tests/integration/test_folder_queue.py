"""The local queue: complete messages, each delivered once, no files left behind."""

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
from config.folder_queue import delete_messages


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


def test_messages_arrive_in_order_and_leave_no_file(queue: Any, folder: Path) -> None:
    for number in range(5):
        queue.put({"number": number})
    assert queue.qsize() == 5
    received = []
    for _ in range(5):
        message = queue.get(timeout=1)
        received.append(message.payload["number"])
        message.ack()
    assert received == [0, 1, 2, 3, 4]
    assert list(folder.iterdir()) == []
    with pytest.raises(Empty):
        queue.get(block=False)


def test_an_unreadable_message_is_skipped(queue: Any, folder: Path) -> None:
    queue.put({"number": 1})
    (folder / "0000-half.work.msg").write_text('{"body": ')
    (folder / "0001-empty.work.msg").write_text("")
    (folder / ".0002-unready.work.msg").write_text('{"body"')
    assert queue.get(timeout=1).payload == {"number": 1}
    assert [p.name for p in folder.iterdir()] == [".0002-unready.work.msg"]


def test_queues_do_not_mix(queue: Any, folder: Path) -> None:
    with connect(folder) as connection:
        other = connection.SimpleQueue("other")
        other.put({"for": "other"})
        with pytest.raises(Empty):
            queue.get(block=False)
        assert other.get(timeout=1).payload == {"for": "other"}
        other.close()


def test_each_message_has_one_of_several_readers(folder: Path) -> None:
    """Readers run while messages are written: none may see half a message."""
    count = 300

    def write() -> None:
        with connect(folder) as connection:
            simple = connection.SimpleQueue("work")
            for number in range(count):
                simple.put({"number": number})
            simple.close()

    def read() -> list[int]:
        tags = []
        with connect(folder) as connection:
            channel: Any = connection.default_channel
            while True:
                # Read before the queue: the last message may be written in between.
                is_all_written = writer.done()
                message = channel.basic_get("work", no_ack=True)
                if message is not None:
                    tags.append(message.delivery_tag)
                elif is_all_written:
                    return tags

    folder.mkdir()
    with ThreadPoolExecutor(4) as pool:
        writer = pool.submit(write)
        readers = [pool.submit(read) for _ in range(3)]
        writer.result()
        tags = Counter(tag for reader in readers for tag in reader.result())
    assert len(tags) == count
    assert set(tags.values()) == {1}


def test_an_unusable_folder_is_a_failed_connection(tmp_path: Path) -> None:
    (tmp_path / "queue").write_text("a file where the folder was")
    with pytest.raises(OSError, match="queue"), connect(tmp_path / "queue") as connection:
        connection.ensure_connection(max_retries=0)


def test_a_starting_worker_deletes_old_messages(queue: Any, folder: Path) -> None:
    queue.put({"number": 1})
    fresh, stale = folder / ".fresh.work.msg", folder / ".stale.work.msg"
    for path in (fresh, stale):
        path.write_text("{")
    os.utime(stale, (0, 0))
    assert delete_messages(folder) == 2
    assert list(folder.iterdir()) == [fresh]
    assert delete_messages(folder / "missing") == 0


def test_the_app_accepts_only_json_and_limits_its_tasks() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_time_limit > 0
    assert app.conf.worker_max_memory_per_child > 0
