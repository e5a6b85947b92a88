"""The commands for production in `docs/operations.md` start a registry behind a proxy."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.processes.harness import PATIENCE_SECONDS, build_environment, wait_until
from tests.support.data import ROOT
from tests.support.documents import load_page
from tests.support.server import find_free_port

pytestmark = pytest.mark.processes

_HOST = "plugins.example.org"


def load_commands() -> list[str]:
    """Return the commands of the first block of the section "In production"."""
    section = load_page(ROOT / "docs" / "operations.md").split("\n## In production\n")[1]
    block = section.split("```console\n")[1].split("```")[0]
    return re.findall(r"^\$ (.+)$", block, re.MULTILINE)


def test_the_commands_start_a_registry(tmp_path: Path) -> None:
    install, *commands, serve = load_commands()
    # It has been run for the tests.
    assert install == "bin/install run"
    script = "\n".join(["set -eu", *commands, f"exec {serve}"])
    port = find_free_port()
    environment = build_environment(tmp_path, HOME=str(tmp_path), PORT=str(port))
    log = tmp_path / "log"
    with log.open("wb") as output:
        main = subprocess.Popen(
            ["sh", "-c", script],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until(
            lambda: main.poll() is not None or "is running at" in log.read_text(), "the start"
        )
        assert main.poll() is None, log.read_text()
        silent = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS) as http:
            plain = http.get("/", headers={"Host": _HOST})
            assert plain.status_code == 301
            assert plain.headers["Location"] == f"https://{_HOST}/"
            forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
            assert http.get("/", headers={"Host": _HOST, **forwarded}).status_code == 200
        with silent:
            # The gateway closes a connection without a request.
            assert silent.recv(1) == b""
    finally:
        # The group: a command before the last one would survive the shell.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(main.pid, signal.SIGTERM)
        main.wait(PATIENCE_SECONDS)
    # Other accounts of the machine can read neither the key nor the data.
    modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.glob("plugport*")}
    assert modes == {"plugport": 0o700, "plugport.key": 0o600}
