"""A whole registry as its own processes: granian, a worker, a data folder and a free port.

def test_it(live_registry):
    token = live_registry.make_tokens("acme")["acme"]
    live_registry.client(token).get("/api/v1/me")
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from django.test import override_settings

from config.management.commands.serve import build_commands
from tests.support.data import ROOT

START_SECONDS = 60
END_SECONDS = 20
_SECRET_VARIABLES = ("DATABASE_URL", "PLUGPORT_REDIS_URL", "PLUGPORT_S3_BUCKET")
# Prints the token of each user that is named on standard input, made where it is missing.
_MAKE_TOKENS = """
import json, sys
from tests.support.people import make_token, make_user
from accounts.models import User
wanted = json.load(sys.stdin)
tokens = {}
for name, values in wanted.items():
    user = User.objects.filter(username=name).first() or make_user(name, **values)
    tokens[name] = make_token(user)
print(json.dumps(tokens))
"""


def find_free_port() -> int:
    """A port of this machine that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_done: Callable[[], bool], *, seconds: float = 20) -> None:
    """Return once `is_done` says so; fails the test after `seconds`."""
    until = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > until:
            pytest.fail(f"it did not happen within {seconds} seconds")
        time.sleep(0.05)


class LiveRegistry:
    """The processes of one registry. `database_url` empty is SQLite in the data folder."""

    def __init__(self, data_dir: Path, *, database_url: str = "", **variables: str) -> None:
        self.data_dir = data_dir
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {k: v for k, v in os.environ.items() if k not in _SECRET_VARIABLES}
        self.environment = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PLUGPORT_ENV": "test",
            "PLUGPORT_DATA_DIR": str(data_dir),
            "PLUGPORT_BASE_URL": self.url,
            "PORT": str(self.port),
            **({"DATABASE_URL": database_url} if database_url else {}),
            **variables,
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *, has_worker: bool = True) -> None:
        """Prepare the database, start the processes and return when the registry is ready."""
        self.manage("migrate", "--verbosity", "0")
        with override_settings(PORT=self.port):
            commands = build_commands("127.0.0.1", 2)
        if not has_worker:
            del commands["worker"]
        for name, command in commands.items():
            self._processes[name] = self._spawn(name, command)
        self._wait_until_ready()

    def _spawn(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with (self.data_dir / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                list(command),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not self._is_ready():
            died = [n for n, p in self._processes.items() if p.poll() is not None]
            if died or time.monotonic() > until:
                pytest.fail(f"the registry did not start ({died or 'time is up'}):\n{self.logs}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False

    @property
    def logs(self) -> str:
        """What the processes wrote."""
        return "\n".join(p.read_text(errors="replace") for p in self.data_dir.glob("*.log"))

    def stop(self) -> None:
        """End the processes that were started here, each with the group it leads."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=END_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()

    def manage(self, *arguments: str, given: str = "") -> str:
        """Run a management command on this registry; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def make_tokens(self, *usernames: str, **values: Mapping[str, Any]) -> dict[str, str]:
        """A token with every scope for each user; `values` are a new user's fields by name."""
        wanted = {name: values.get(name, {}) for name in (*usernames, *values)}
        tokens: dict[str, str] = json.loads(self.run(_MAKE_TOKENS, wanted))
        return tokens

    def run(self, code: str, given: Any = None) -> str:
        """Run Python with this registry's settings, `given` as JSON on its standard input."""
        return self.manage("shell", "--no-imports", "--command", code, given=json.dumps(given))

    def list_processes(self) -> list[psutil.Process]:
        """Every process of the registry, children included."""
        leaders = [psutil.Process(process.pid) for process in self._processes.values()]
        return leaders + [child for leader in leaders for child in leader.children(recursive=True)]

    def client(self, token: str = "") -> httpx.Client:
        """A client of this registry; the caller closes it."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


@contextlib.contextmanager
def make_database(server_url: str) -> Iterator[str]:
    """The URL of a new database on that PostgreSQL server, dropped at the end; "" without one."""
    if not server_url:
        yield ""
        return
    import psycopg

    name = f"plugport_live_{os.getpid()}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server_url.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def live_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """One registry for the whole run, with a worker: use names of your own in it."""
    server_url = os.environ.get("PLUGPORT_TEST_DATABASE_URL", "")
    with make_database(server_url) as database_url:
        registry = LiveRegistry(tmp_path_factory.mktemp("live"), database_url=database_url)
        try:
            registry.start()
            yield registry
        finally:
            registry.stop()
