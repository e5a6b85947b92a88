"""A whole registry in real processes (`manage.py serve`), to be killed and started again.

What happens in the processes is seen from outside: over HTTP, in the data folder, and by a second
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
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psutil

from registry.publishing.faults import Point
from tests.support.data import ROOT
from tests.support.publishing import make_package
from tests.support.server import find_free_port

PATIENCE_SECONDS = 60.0
_patches = count(1)
_PREPARE = """
import django; django.setup()
from django.core.management import call_command
from accounts.models import User
from config.management.commands.serve import collect_static
from tests.support.people import make_token, make_user
call_command("migrate", verbosity=0, interactive=False)
collect_static()
print(make_token(User.objects.filter(username="acme").first() or make_user("acme")))
"""
# Leases, sweeps and uploads in seconds, so that what a crash leaves is dealt with while we look.
QUICK = {
    "PLUGPORT_LEASE_SECONDS": "1",
    "PLUGPORT_SWEEP_SECONDS": "1",
    "PLUGPORT_UPLOAD_SECONDS": "4",
}


def make_environment(folder: Path, **variables: str) -> dict[str, str]:
    """The variables of a registry in the folder, and none that was meant for the test run."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PLUGPORT_", "DATABASE_URL"))}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "PLUGPORT_ENV": "test",
        "PLUGPORT_DATA_DIR": str(folder),
        **QUICK,
        **variables,
    }


def prepare_folder(folder: Path, **variables: str) -> None:
    """Make the database, an account and its token, and collect the static files."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _PREPARE],
        cwd=ROOT,
        env=make_environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder / "token").write_text(done.stdout.strip())


def wait_until(
    condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS
) -> Any:
    """Ask until the condition holds and return what it said; fails after `seconds`."""
    until = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < until, f"waited {seconds} s in vain: {what}"
        time.sleep(0.05)
    return answer


class Registry:
    """One registry: its folder, its port, and the processes that work for it."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = make_environment(
            folder,
            PORT=str(self.port),
            PLUGPORT_BASE_URL=self.url,
            PLUGPORT_CRASH_AT=",".join(Point),
            **variables,
        )
        self.main: subprocess.Popen[bytes] | None = None
        self.log = folder / "serve.log"
        headers = {"Authorization": f"Bearer {(folder / 'token').read_text()}"}
        self.http = httpx.Client(base_url=self.url, headers=headers, timeout=30)
        for point in Point:
            self.disarm(point)

    # ---- processes -----------------------------------------------------------------------
    def start(self, workers: int = 1) -> None:
        """Start `manage.py serve` unless it runs, and return when it answers."""
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
        wait_until(lambda: "is running at" in self.read_log(), "the announcement")
        wait_until(self.is_answering, "an answer")

    def is_answering(self) -> bool:
        """Whether the web server does."""
        with contextlib.suppress(httpx.TransportError):
            return self.http.get("/healthz").status_code == 200
        return False

    def read_log(self) -> str:
        """What the processes wrote since the start."""
        return self.log.read_text(errors="replace")

    def list_processes(self) -> list[psutil.Process]:
        """Every process that works on this folder, whoever its parent is now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("PLUGPORT_DATA_DIR") == str(self.folder):
                    found.append(process)
        return [p for p in found if p.status() != psutil.STATUS_ZOMBIE]

    def find_processes(self, word: str) -> list[psutil.Process]:
        """Those whose command line has the word, parents first."""
        found = [p for p in self.list_processes() if any(word in part for part in p.cmdline())]
        return sorted(found, key=lambda p: (len(p.parents()), p.pid))

    def kill(self, word: str) -> None:
        """SIGKILL to all whose command line has the word."""
        for process in self.find_processes(word):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def signal_main(self, number: signal.Signals) -> int:
        """Send the signal to `serve` and return its exit code."""
        assert self.main is not None
        self.main.send_signal(number)
        return self.main.wait(timeout=PATIENCE_SECONDS)

    def kill_everything(self) -> None:
        """SIGKILL to all, the supervisor first so that it cannot start anything again."""
        while processes := self.list_processes():
            for process in sorted(processes, key=lambda p: p.pid):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        if self.main is not None:
            self.main.wait()

    def wait_until_alone(self) -> None:
        """Return when no process of the registry is left."""
        wait_until(lambda: not self.list_processes(), "the end of every process")

    # ---- crashes -------------------------------------------------------------------------
    def arm(self, point: Point) -> None:
        """The next process that reaches the point dies there."""
        (self.folder / f"crashed-{point}").unlink()

    def disarm(self, point: Point) -> None:
        """Nobody dies there."""
        (self.folder / f"crashed-{point}").touch()

    def has_crashed(self, point: Point) -> bool:
        """Whether somebody died there since it was armed."""
        return (self.folder / f"crashed-{point}").exists()

    # ---- publishing ----------------------------------------------------------------------
    def make_version(self) -> tuple[str, bytes]:
        """A version that was not used yet, and its package."""
        version = f"1.0.{next(_patches)}"
        return version, make_package(version=version)

    def send(self, package: bytes, wait: int = 0) -> httpx.Response:
        """One attempt to publish. Raises `httpx.TransportError` when the server dies meanwhile."""
        files = {"package": ("p.tgz", package, "application/gzip")}
        return self.http.post(f"/api/v1/plugins?wait={wait}", files=files)

    def publish(self, package: bytes) -> str:
        """Publish as a client does: again until there is an answer; returns the status address."""

        def try_once() -> str | None:
            with contextlib.suppress(httpx.TransportError):
                answer = self.send(package)
                if answer.status_code < 500:
                    assert answer.status_code in (200, 201, 202), answer.text
                    return str(answer.json()["statusUrl"])
            return None

        return str(wait_until(try_once, "an answer to the upload"))

    def get_state(self, status_url: str) -> str:
        """The state that the status address tells."""
        return str(self.http.get(status_url).json()["state"])

    def wait_until_published(self, status_url: str) -> None:
        """Return when the release is public."""

        def is_decided() -> str | None:
            with contextlib.suppress(httpx.TransportError):
                state = self.get_state(status_url)
                return state if state != "checking" else None
            return None

        assert wait_until(is_decided, "the verdict") == "published"

    # ---- what is left --------------------------------------------------------------------
    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the database, read by a connection of our own."""
        address = f"file:{self.folder / 'plugport.sqlite3'}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            return connection.execute(statement).fetchall()

    def list_objects(self, prefix: str) -> set[str]:
        """Stored files below the prefix."""
        root = self.folder / "packages"
        return {p.relative_to(root).as_posix() for p in (root / prefix).rglob("*") if p.is_file()}

    def list_scratch(self) -> Iterator[Path]:
        """Files in scratch that are not the lock of a process."""
        # Folders come and go meanwhile: `os.walk` passes over one that is gone.
        for folder, _, names in os.walk(self.folder / "scratch"):
            yield from (Path(folder, name) for name in names if name != ".lock")

    def find_leftovers(self) -> dict[str, object]:
        """Everything that should not be there once all work is done."""
        wanted = {
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
        found = {
            "uploads": self.query("SELECT key FROM registry_upload"),
            "jobs": self.query("SELECT kind, key, state, last_error FROM registry_job"),
            "unfinished": self.query("SELECT id FROM registry_release WHERE state = 'checking'"),
            "quarantine": self.list_objects("quarantine") - held,
            "parts": self.list_objects(".parts"),
            "scratch": list(self.list_scratch()),
            "orphans": self.list_objects("packages") - wanted,
            "missing": wanted - self.list_objects("packages"),
        }
        return {name: value for name, value in found.items() if value}

    def wait_until_clean(self) -> None:
        """Return when the sweeper has left nothing but what is published."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not self.find_leftovers(), "nothing left over", seconds=30)
        assert self.find_leftovers() == {}
