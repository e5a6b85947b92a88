"""A registry that listens on a Unix socket, for a proxy on the same machine."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from config.processes.listening import ListenAddress
from tests.processes.harness import (
    PATIENCE_SECONDS,
    build_environment,
    prepare_folder,
    wait_until,
)
from tests.support.data import ROOT

pytestmark = pytest.mark.processes


@pytest.fixture
def folder(tmp_path: Path, empty_database: bytes) -> Path:
    prepare_folder(tmp_path / "data", empty_database)
    return tmp_path / "data"


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """A path that is short enough, wherever the folder of the test is."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "web.sock"


def serve(folder: Path, socket_path: Path) -> subprocess.Popen[bytes]:
    with (folder / "serve.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--workers", "1", "--uds", str(socket_path)],
            cwd=ROOT,
            env=build_environment(
                folder,
                PLUGPORT_TRUSTED_PROXIES="1",
                PLUGPORT_BASE_URL="http://plugins.example.org",
                PLUGPORT_ALLOWED_HOSTS="plugins.example.org",
            ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def list_gateways(main: subprocess.Popen[bytes]) -> set[psutil.Process]:
    """The processes of the gateway that run."""
    found = set()
    for process in psutil.Process(main.pid).children():
        # A process may end at any of these calls.
        with contextlib.suppress(psutil.Error):
            if "gateway.app:app" in process.cmdline():
                found.add(process)
    return found


def test_a_registry_on_a_unix_socket(folder: Path, socket_path: Path) -> None:
    main = serve(folder, socket_path)
    try:
        wait_until(
            lambda: f"running at unix:{socket_path}" in (folder / "serve.log").read_text(),
            "the announcement",
        )
        # Every account of its group may connect.
        assert socket_path.stat().st_mode & 0o777 == 0o660
        with httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket_path)),
            base_url="http://plugins.example.org",
            timeout=PATIENCE_SECONDS,
        ) as http:

            def get_remaining(address: str) -> int:
                headers = {"X-Forwarded-For": address}
                # Never stored, so it counts for the limit of the client.
                response = http.get("/api/v1/plugins?unknown=1", headers=headers)
                return int(response.headers["RateLimit-Remaining"])

            first, second = get_remaining("192.0.2.1"), get_remaining("192.0.2.1")
            assert first - second == 1
            assert get_remaining("192.0.2.2") == first

        # The next gateway replaces the socket that a killed one leaves behind.
        killed = list_gateways(main)
        for gateway in killed:
            gateway.kill()
        wait_until(lambda: killed.isdisjoint(list_gateways(main)), "its end")
        wait_until(ListenAddress("", 0, socket_path).is_ready, "a new gateway")
    finally:
        main.send_signal(signal.SIGTERM)
        main.wait(timeout=PATIENCE_SECONDS)
    assert not socket_path.exists()
