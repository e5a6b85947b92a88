"""Progress: bytes, rate and time left on a terminal, and nothing elsewhere."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Callable

import pytest

from tests.client.registry import LocalRegistry
from tests.client.support import Cli, press_ctrl_c

WIDTH = 120


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., object]) -> None:
    """A package of 200 kB."""
    publish("large-one", files={"data.bin": os.urandom(200_000)})


def read_until(descriptor: int, pattern: str) -> str:
    """Read a terminal until something is drawn on it; the end of the terminal fails."""
    shown = ""
    while not re.search(pattern, shown):
        shown += os.read(descriptor, 4096).decode()
    return shown


@pytest.mark.processes
@pytest.mark.usefixtures("served")
def test_draws_bytes_rate_and_time_left(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.stall_downloads_after = 100_000
    cli.env["TERM"] = "xterm"
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDTH, 0, 0))
    with cli.start("install", "large-one", stdin=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = read_until(ours, r"100\.0/200\.\d kB")
        press_ctrl_c(process)
        process.communicate(timeout=60)
    os.close(ours)
    assert "large-one@1.0.0" in shown
    assert re.search(r"[kM]B/s|\?", shown)
    assert re.search(r"\d:\d\d:\d\d|-:--:--", shown)
    assert process.returncode == 130


@pytest.mark.processes
@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("args", [("--json",), ()])
def test_draws_nothing_without_a_terminal(cli: Cli, args: tuple[str, ...]) -> None:
    code, _, stderr = cli.run_program("install", "large-one", *args)
    assert code == 0
    assert "kB" not in stderr
