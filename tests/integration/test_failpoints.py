"""Fail points kill a process once per data folder, and only in tests."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from registry.publishing.failpoints import FailPoint, hit
from tests.support.data import ROOT


@pytest.fixture(autouse=True)
def _data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def fork_and_hit_twice() -> int:
    """Hit the point twice in a child process; returns its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        # After an exception, too: the child must not go on as a second run of the tests.
        exit_code = 1
        try:
            hit(FailPoint.RECEIVED)
            hit(FailPoint.RECEIVED)
            exit_code = 0
        finally:
            os._exit(exit_code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_process_is_killed_at_its_fail_point_once_per_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLUGPORT_CRASH_AT", "checked,received")
    assert fork_and_hit_twice() == -signal.SIGKILL
    assert fork_and_hit_twice() == 0


@pytest.mark.parametrize(
    ("points", "environment"),
    [
        (None, "test"),
        ("", "test"),
        ("checked", "test"),
        ("received", "local"),
        ("received", "production"),
    ],
)
def test_no_process_is_killed_without_a_request_or_outside_tests(
    points: str | None, environment: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENVIRONMENT = environment
    monkeypatch.delenv("PLUGPORT_CRASH_AT", raising=False)
    if points is not None:
        monkeypatch.setenv("PLUGPORT_CRASH_AT", points)
    assert fork_and_hit_twice() == 0


@pytest.mark.parametrize("point", FailPoint)
def test_the_pipeline_hits_every_point_in_one_place(point: FailPoint) -> None:
    """`tests/processes` crashes at each of them, through `list(FailPoint)`."""
    sources = [p.read_text() for p in (ROOT / "registry").rglob("*.py")]
    calls = sum(len(re.findall(rf"\bhit\(FailPoint\.{point.name}\)", text)) for text in sources)
    assert calls == 1
