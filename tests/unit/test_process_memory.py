"""The memory of a worker process is its own."""

from __future__ import annotations

import subprocess
import sys

from tests.support.data import ROOT

_CHILD = "from config.processes.memory import measure_peak_kb; print(measure_peak_kb())"
_PARENT = """
import subprocess, sys
block = bytearray(b"x") * 300_000_000
print(subprocess.check_output([sys.executable, "-c", sys.argv[1]], text=True))
"""


def test_peak_of_a_program_is_not_that_of_its_parent() -> None:
    output = subprocess.check_output([sys.executable, "-c", _PARENT, _CHILD], cwd=ROOT, text=True)
    assert 1_000 < int(output) < 100_000
