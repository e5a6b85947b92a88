"""Progress on a terminal: bytes, rate and time left; nothing of it elsewhere."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios

import pytest

from tests.client.contract.server import ContractServer
from tests.client.support import Cli, press_ctrl_c

WIDTH = 120


@pytest.fixture
def stalled(cli: Cli, contract: ContractServer) -> None:
    """A download of 200 kB that stops after 100 kB."""
    cli.publish("large-one", files={"data.bin": os.urandom(200_000)})
    contract.faults.stall_downloads_after = 100_000
    cli.env["TERM"] = "xterm"


def read_until(descriptor: int, pattern: str) -> str:
    """Read a terminal until something is drawn on it; the end of the terminal fails."""
    shown = ""
    while not re.search(pattern, shown):
        shown += os.read(descriptor, 4096).decode()
    return shown


@pytest.mark.usefixtures("stalled")
def test_draws_bytes_rate_and_time_left(cli: Cli) -> None:
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


@pytest.mark.usefixtures("stalled")
@pytest.mark.parametrize("args", [("--json",), ()])
def test_draws_nothing_where_nobody_looks(
    cli: Cli, contract: ContractServer, args: tuple[str, ...]
) -> None:
    contract.faults.stall_downloads_after = None
    code, _, stderr = cli.run_program("install", "large-one", *args)
    assert code == 0
    assert "kB" not in stderr
