"""Which workers are replaced because they take no messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.celery import app
from config.processes.stuck import STUCK_ROUNDS, UNUSED_ROUNDS, StuckCheck


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the queue."""
    monkeypatch.setitem(app.conf, "broker_transport_options", {"folder": str(tmp_path)})
    return tmp_path


def send() -> None:
    with app.connection_for_write() as broker:
        app.send_task("registry.work", connection=broker)


def run_rounds(count: int, *, is_busy: bool = False, taken: int = 0, sent: int = 1) -> int:
    """Return how many of the rounds say that the worker is stuck.

    It takes and sends as many messages in each.
    """
    check = StuckCheck()
    return sum(
        check.is_stuck(is_busy=is_busy, taken=number * taken, sent=number * sent)
        for number in range(1, count + 1)
    )


def test_an_idle_worker_that_leaves_a_message_is_stuck() -> None:
    send()
    assert run_rounds(STUCK_ROUNDS - 1) == 0
    assert run_rounds(STUCK_ROUNDS) == 1


def test_an_idle_worker_without_messages_is_stuck_later() -> None:
    """Other workers take all, which may be chance."""
    assert run_rounds(UNUSED_ROUNDS - 1) == 0
    assert run_rounds(UNUSED_ROUNDS) == 1
    assert run_rounds(UNUSED_ROUNDS, sent=0) == 0


def test_a_busy_worker_is_not_stuck() -> None:
    send()
    assert run_rounds(UNUSED_ROUNDS, is_busy=True) == 0


def test_a_worker_that_takes_other_messages_is_not_stuck() -> None:
    send()
    assert run_rounds(UNUSED_ROUNDS, taken=1) == 0


def test_rounds_count_only_in_a_row(folder: Path) -> None:
    check = StuckCheck()
    for _ in range(2):
        send()
        for _ in range(STUCK_ROUNDS - 1):
            assert not check.is_stuck(is_busy=False, taken=0, sent=0)
        (folder / "wake.msg").unlink()
        assert not check.is_stuck(is_busy=False, taken=0, sent=0)


def test_a_queue_that_does_not_respond_says_nothing(folder: Path) -> None:
    send()
    folder.rename(folder.with_name("moved"))
    # Not a folder: no connection.
    folder.write_text("")
    assert run_rounds(UNUSED_ROUNDS) == 0
