"""The points at which a test run may end a process: nowhere else, and at each of them once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from registry.publishing.faults import Point
from tests.processes.harness import make_environment
from tests.support.data import ROOT

_REACH_TWICE = """
import sys
import django; django.setup()
from registry.publishing.faults import Point, reach
reach(Point(sys.argv[1])); reach(Point(sys.argv[1]))
print("alive")
"""


def run(folder: Path, point: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _REACH_TWICE, point],
        cwd=ROOT,
        env=make_environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_process_ends_where_it_is_asked_to_and_once_a_folder(tmp_path: Path) -> None:
    asked = {"PLUGPORT_CRASH_AT": "checked,received"}
    died = run(tmp_path, "received", **asked)
    assert (died.returncode, died.stdout) == (-9, "")
    survived = run(tmp_path, "received", **asked)
    assert (survived.returncode, survived.stdout) == (0, "alive\n"), survived.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"PLUGPORT_CRASH_AT": ""},
        {"PLUGPORT_CRASH_AT": "checked"},
        {"PLUGPORT_CRASH_AT": "received", "PLUGPORT_ENV": "local"},
        {
            "PLUGPORT_CRASH_AT": "received",
            "PLUGPORT_ENV": "production",
            "PLUGPORT_SECRET_KEY": "x" * 50,
        },
    ],
)
def test_nobody_dies_unasked_or_outside_tests(tmp_path: Path, variables: dict[str, str]) -> None:
    done = run(tmp_path, "received", **variables)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


@pytest.mark.parametrize("point", Point)
def test_the_pipeline_says_every_point_in_one_place(point: Point) -> None:
    """`tests/processes` dies at each of them, through `list(Point)`."""
    sources = [p.read_text() for p in (ROOT / "registry").rglob("*.py")]
    calls = sum(len(re.findall(rf"\breach\(Point\.{point.name}\)", text)) for text in sources)
    assert calls == 1
