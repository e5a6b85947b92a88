"""A complete registry in real processes (`manage.py serve`), for crash tests.

Tests observe the processes from outside: over HTTP, in the data folder, and with a second
connection to the database.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psutil

from registry.publishing.failpoints import FailPoint
from tests.support.data import ROOT
from tests.support.publishing import build_package
from tests.support.server import RECORDED, find_free_port, write_database

# For a machine that is busy with other tests: nothing depends on how long it takes.
PATIENCE_SECONDS = 120.0
# Longer than a response that waits for checks.
RESPONSE_SECONDS = 90
_patches = count(1)
_PREPARE = """
import sys
import django; django.setup()
from django.core.management import call_command
from accounts.models import User
from tests.support.people import create_api_token, create_user
if not sys.argv[1:]:
    call_command("migrate", verbosity=0, interactive=False)
print(create_api_token(User.objects.filter(username="acme").first() or create_user("acme")))
"""
# Leases, sweeps and uploads in seconds, so that a test sees the cleanup after a crash.
QUICK = {
    "PLUGPORT_LEASE_SECONDS": "1",
    "PLUGPORT_SWEEP_SECONDS": "1",
    "PLUGPORT_UPLOAD_SECONDS": "4",
}


def build_environment(folder: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a registry in the folder, without variables of the test run."""
    inherited = {
        k: v for k, v in os.environ.items() if not k.startswith(("PLUGPORT_", "DATABASE_URL"))
    }
    return {
        **inherited,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "PLUGPORT_ENV": "test",
        "PLUGPORT_REQUIRE_MFA_TO_PUBLISH": "0",
        "PLUGPORT_DATA_DIR": str(folder),
        **QUICK,
        **variables,
    }


def prepare_folder(folder: Path, empty_database: bytes = b"", **variables: str) -> None:
    """Create an account and its token in a new database, or in a copy of the empty one."""
    folder.mkdir()
    if empty_database:
        write_database(folder, empty_database)
    done = subprocess.run(
        [sys.executable, "-c", _PREPARE, *(["migrated"] if empty_database else [])],
        cwd=ROOT,
        env=build_environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder / "token").write_text(done.stdout.strip())


def wait_until(
    condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS
) -> Any:
    """Call `condition` until it returns a true value, and return it; fails after `seconds`."""
    until = time.monotonic() + seconds
    while not (response := condition()):
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return response


class Registry:
    """One registry: its folder, its port, and its processes."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = build_environment(
            folder,
            PORT=str(self.port),
            PLUGPORT_BASE_URL=self.url,
            PLUGPORT_CRASH_AT=",".join(FailPoint),
            **variables,
        )
        self.main: subprocess.Popen[bytes] | None = None
        self.log = folder / "serve.log"
        headers = {"Authorization": f"Bearer {(folder / 'token').read_text()}"}
        self.http = httpx.Client(base_url=self.url, headers=headers, timeout=RESPONSE_SECONDS)
        for point in FailPoint:
            self.disarm(point)

    # ---- processes -----------------------------------------------------------------------
    def start(self, workers: int = 1) -> None:
        """Start `manage.py serve` unless it runs, and return when it responds."""
        if self.main is None or self.main.poll() is not None:
            with self.log.open("wb") as log:
                self.main = subprocess.Popen(
                    [sys.executable, "manage.py", "serve", "--workers", str(workers)],
                    cwd=ROOT,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
        wait_until(lambda: "is running at" in self.load_log(), "the announcement")
        wait_until(self.is_answering, "a response")

    def is_answering(self) -> bool:
        """Whether Django responds: to a request with a token, which the gateway passes on."""
        with contextlib.suppress(httpx.TransportError):
            return self.http.get("/api/v1/me").status_code == 200
        return False

    def load_log(self) -> str:
        """Return the output of the processes since the start."""
        return self.log.read_text(errors="replace")

    def list_processes(self) -> list[psutil.Process]:
        """Return every process of this folder, also those with another parent."""
        processes = []
        for process in psutil.process_iter():
            # A process may end at any of these calls.
            with contextlib.suppress(psutil.Error):
                is_own = process.environ().get("PLUGPORT_DATA_DIR") == str(self.folder)
                if is_own and process.status() != psutil.STATUS_ZOMBIE:
                    processes.append(process)
        return processes

    def find_processes(self, word: str) -> list[psutil.Process]:
        """Return the processes whose command line contains the word, parents first."""
        found = []
        for process in self.list_processes():
            with contextlib.suppress(psutil.Error):
                if any(word in part for part in process.cmdline()):
                    found.append((len(process.parents()), process.pid, process))
        return [process for *_, process in sorted(found, key=lambda entry: entry[:2])]

    def kill(self, word: str) -> None:
        """Send SIGKILL to all processes whose command line contains the word; wait for their end."""
        processes = self.find_processes(word)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.wait_until_ended(processes)

    def wait_until_ended(self, processes: Iterable[psutil.Process]) -> None:
        """Wait until none of the processes runs. One that ended but is still listed does not run."""
        ending = set(processes)
        wait_until(lambda: ending.isdisjoint(self.list_processes()), f"the end of {ending}")

    def signal_main(self, number: signal.Signals) -> int:
        """Send the signal to `serve` and return its exit code."""
        assert self.main is not None
        self.main.send_signal(number)
        return self.main.wait(timeout=PATIENCE_SECONDS)

    def kill_everything(self) -> None:
        """Send SIGKILL to all, the supervisor first so that it cannot restart any."""
        while processes := self.list_processes():
            for process in sorted(processes, key=lambda p: p.pid):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        if self.main is not None:
            self.main.wait()

    def close(self) -> None:
        """End all processes, and the connections of this one to them."""
        self.kill_everything()
        self.http.close()

    def wait_until_alone(self) -> None:
        """Wait until no process of the registry runs."""
        wait_until(lambda: not self.list_processes(), "the end of every process")

    # ---- crashes -------------------------------------------------------------------------
    def arm(self, point: FailPoint) -> None:
        """Make the next process that reaches the failpoint crash there."""
        (self.folder / f"crashed-{point}").unlink()

    def arm_for_all(self, point: FailPoint) -> None:
        """Make every process that reaches the failpoint crash there, until it is disarmed."""
        (self.folder / f"crash-always-{point}").touch()

    def disarm(self, point: FailPoint) -> None:
        """Disable the failpoint."""
        (self.folder / f"crash-always-{point}").unlink(missing_ok=True)
        (self.folder / f"crashed-{point}").touch()

    def has_crashed(self, point: FailPoint) -> bool:
        """Whether a process crashed at the failpoint since it was armed."""
        return (self.folder / f"crashed-{point}").exists()

    # ---- publishing ----------------------------------------------------------------------
    def build_version(self) -> tuple[str, bytes]:
        """Return an unused version and its package."""
        version = f"1.0.{next(_patches)}"
        return version, build_package(version=version)

    def send(self, package: bytes, wait: int = 0) -> httpx.Response:
        """Try to publish once. The status is 503 if the web process crashes meanwhile."""
        files = {"package": ("p.tgz", package, "application/gzip")}
        return self.http.post(f"/api/v1/plugins?wait={wait}", files=files)

    def publish(self, package: bytes) -> str:
        """Publish like a client: repeat until there is a response; return the status URL."""

        def try_once() -> str | None:
            with contextlib.suppress(httpx.TransportError):
                response = self.send(package)
                if response.status_code < 500:
                    assert response.status_code in (200, *RECORDED), response.text
                    return str(response.json()["statusUrl"])
            return None

        return str(wait_until(try_once, "a response to the upload"))

    def get_state(self, status_url: str) -> str:
        """Return the state from the status URL."""
        return str(self.http.get(status_url).json()["state"])

    def wait_until_published(self, status_url: str) -> None:
        """Wait until the release is public."""

        def is_decided() -> str | None:
            with contextlib.suppress(httpx.TransportError):
                response = self.http.get(status_url)
                # After an outage, the first connections take a moment.
                if response.status_code != 503:
                    state = str(response.json()["state"])
                    return state if state != "checking" else None
            return None

        assert wait_until(is_decided, "the verdict") == "published"

    # ---- what is left --------------------------------------------------------------------
    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return rows of the database, read with a separate connection."""
        address = f"file:{self.folder / 'plugport.sqlite3'}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            return connection.execute(statement).fetchall()

    def list_objects(self, prefix: str) -> set[str]:
        """Return the stored files below the prefix."""
        root = self.folder / "packages"
        return {p.relative_to(root).as_posix() for p in (root / prefix).rglob("*") if p.is_file()}

    def list_scratch(self) -> Iterator[Path]:
        """Return the files in scratch except the locks of processes."""
        # Folders appear and disappear meanwhile: `os.walk` skips one that no longer exists.
        for folder, _, names in os.walk(self.folder / "scratch"):
            yield from (Path(folder, name) for name in names if name != ".lock")

    def find_leftovers(self) -> dict[str, object]:
        """Return everything that must not remain once all work is done."""
        expected_packages = {
            f"packages/{sha[:2]}/{sha[2:4]}/{sha}.tar.gz"
            for (sha,) in self.query(
                "SELECT sha256 FROM registry_artifact JOIN registry_release r ON r.id = release_id"
                " WHERE r.state = 'published'"
            )
        }
        held = {
            key
            for (key,) in self.query(
                "SELECT quarantine_key FROM registry_artifact JOIN registry_release r"
                " ON r.id = release_id WHERE r.state = 'held'"
            )
        }
        leftovers = {
            "uploads": self.query("SELECT key FROM registry_upload"),
            "jobs": self.query("SELECT kind, key, state, last_error FROM registry_job"),
            "unfinished": self.query("SELECT id FROM registry_release WHERE state = 'checking'"),
            "quarantine": self.list_objects("quarantine") - held,
            "parts": self.list_objects(".parts"),
            "scratch": list(self.list_scratch()),
            "orphans": self.list_objects("packages") - expected_packages,
            "missing": expected_packages - self.list_objects("packages"),
        }
        return {name: value for name, value in leftovers.items() if value}

    def wait_until_clean(self) -> None:
        """Wait until only published packages remain."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not self.find_leftovers(), "nothing left over", seconds=30)
        assert self.find_leftovers() == {}
