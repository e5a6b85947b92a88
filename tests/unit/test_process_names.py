"""A lease tells whether the process that holds it has ended."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from common.processes.process_names import build_process_name, is_process_dead


def test_a_running_process_is_not_dead() -> None:
    assert not is_process_dead(build_process_name())
    assert not is_process_dead(build_process_name(os.getppid()))


def test_a_process_that_has_ended_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert is_process_dead(build_process_name(process.pid))
    assert len(build_process_name(process.pid)) <= 90


@pytest.mark.parametrize("name", ["", "/", "1", "another-machine.1/1", "another-machine.1/x"])
def test_a_process_of_another_machine_cannot_be_checked(name: str) -> None:
    assert not is_process_dead(name)


def test_a_number_that_is_no_process_id_is_not_dead() -> None:
    assert not is_process_dead(f"{build_process_name()}x")
