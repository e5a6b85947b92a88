"""A complete registry in separate processes: granian, a worker, a data folder and a free port.

def test_it(live_registry):
    token = live_registry.create_api_tokens("acme")["acme"]
    live_registry.client(token).get("/api/v1/me")
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from config.processes.commands import build_worker_command
from tests.support.data import ROOT

# For a machine that is busy with other tests: nothing depends on how long it takes.
START_SECONDS = 120
PATIENCE_SECONDS = 60
# Longer than a response that waits for checks.
RESPONSE_SECONDS = 90
END_SECONDS = 20
_PORTS = range(12_000, 32_000)
# The status codes of a recorded release. A fast worker finishes the checks before the response (201).
RECORDED = (201, 202)
_SECRET_VARIABLES = ("DATABASE_URL", "PLUGPORT_REDIS_URL", "PLUGPORT_S3_BUCKET")
# Prints a token of each user on standard input, who is created if necessary.
_MAKE_TOKENS = """
import json, sys
from tests.support.people import create_api_token, create_user
from accounts.models import User
wanted = json.load(sys.stdin)
tokens = {}
for name, values in wanted.items():
    user = User.objects.filter(username=name).first() or create_user(name, **values)
    tokens[name] = create_api_token(user)
print(json.dumps(tokens))
"""

# Prints the value of the cookie of a new session of the user on standard input.
_MAKE_SESSION = """
import json, sys
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts.models import User
user = User.objects.get(username=json.load(sys.stdin))
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""


def find_free_port() -> int:
    """Return an unused port of this machine.

    Not one that the kernel gives to outgoing connections (from 32768 on): a registry starts again on
    its port, which a connection of another process could have by then.
    """
    while True:
        # pytest-randomly seeds `random` equally in all processes of a test run.
        port = secrets.choice(_PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def can_listen(host: str) -> bool:
    """Whether this machine has the address, which may be of IPv6."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family) as probe:
        probe.bind((host, 0))
        return True
    return False


def write_database(folder: Path, content: bytes) -> None:
    """Write the SQLite database of a data folder, in WAL mode like those of `migrate`."""
    path = folder / "plugport.sqlite3"
    path.write_bytes(content)
    # The first of several processes would change the mode, and lock out the others meanwhile.
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def publish_and_wait(author: httpx.Client, package: bytes) -> httpx.Response:
    """Publish a package, and return the response once its release is public."""
    files = {"package": ("p.tgz", package, "application/gzip")}
    response = author.post("/api/v1/plugins?wait=30", files=files)
    assert response.status_code in RECORDED, response.text
    status = response.json()["statusUrl"]
    wait_until(lambda: author.get(status).json()["state"] == "published")
    return response


def wait_until(is_done: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until `is_done` returns true; fails the test after `seconds`."""
    until = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > until:
            pytest.fail(f"it did not happen within {seconds} seconds")
        time.sleep(0.05)


class LiveRegistry:
    """The processes of one registry. `database_url` empty is SQLite in the data folder."""

    def __init__(
        self,
        data_dir: Path,
        *,
        database_url: str = "",
        empty_database: bytes = b"",
        **variables: str,
    ) -> None:
        self.data_dir = data_dir
        self._is_migrated = bool(empty_database) and not database_url
        if self._is_migrated:
            write_database(data_dir, empty_database)
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {k: v for k, v in os.environ.items() if k not in _SECRET_VARIABLES}
        self.environment = {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PLUGPORT_ENV": "test",
            "PLUGPORT_REQUIRE_MFA_TO_PUBLISH": "0",
            "PLUGPORT_DATA_DIR": str(data_dir),
            "PLUGPORT_BASE_URL": self.url,
            "PORT": str(self.port),
            # Tests compare what is left before and after a call. The window must not end in between.
            "PLUGPORT_LIMIT_READ": "100000/day",
            "PLUGPORT_LIMIT_PUBLISH": "100000/day",
            **({"DATABASE_URL": database_url} if database_url else {}),
            **variables,
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def prepare(self) -> None:
        """Migrate the database, unless it was copied from a migrated one."""
        if not self._is_migrated:
            self.manage("migrate", "--verbosity", "0")
            self._is_migrated = True

    def start(self, *, has_worker: bool = True, host: str = "127.0.0.1") -> None:
        """Prepare the database, start the processes and return when the registry is ready.

        `host` is 127.0.0.1, or stands for all addresses of this machine.
        """
        self.prepare()
        command = [sys.executable, "manage.py", "run_web", "--host", host]
        self._processes["web"] = self._spawn("web", command)
        if has_worker:
            self.start_worker()
        self._wait_until_ready()

    def start_again(self) -> None:
        """Start the processes with a worker, unless they run."""
        if not self._processes:
            self.start()

    def start_worker(self) -> None:
        """Start a worker, for a registry that was started without one."""
        self._processes["worker"] = self._spawn("worker", build_worker_command())

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
        """The output of the processes."""
        return "\n".join(p.read_text(errors="replace") for p in self.data_dir.glob("*.log"))

    def stop(self) -> None:
        """Stop the started processes, each with its process group."""
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
        """Run a management command on this registry; return its output."""
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

    def create_api_tokens(self, *usernames: str, **values: Mapping[str, Any]) -> dict[str, str]:
        """Return a token with every scope for each user; `values` are the fields of a new user by name."""
        fields_by_user = {name: values.get(name, {}) for name in (*usernames, *values)}
        tokens: dict[str, str] = json.loads(self.run(_MAKE_TOKENS, fields_by_user))
        return tokens

    def create_session(self, username: str) -> str:
        """Sign the user in, and return the value of the cookie `sessionid`."""
        return self.run(_MAKE_SESSION, username).strip()

    def run(self, code: str, given: Any = None) -> str:
        """Run Python with this registry's settings, `given` as JSON on its standard input."""
        return self.manage("shell", "--no-imports", "--command", code, given=json.dumps(given))

    def list_processes(self) -> list[psutil.Process]:
        """Return every process of the registry, including children."""
        leaders = [psutil.Process(process.pid) for process in self._processes.values()]
        return leaders + [child for leader in leaders for child in leader.children(recursive=True)]

    def client(self, token: str = "") -> httpx.Client:
        """Return a client of this registry; the caller closes it."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=RESPONSE_SECONDS)


@contextlib.contextmanager
def create_database(server_url: str) -> Iterator[str]:
    """Create a database on that PostgreSQL server and drop it at the end; yields "" without a server.

    It is a copy of the migrated one, if there is one.
    """
    if not server_url:
        yield ""
        return
    import psycopg

    from tests.support.migrated import get_template

    name = f"plugport_live_{os.getpid()}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {get_template() or 'template1'}")
        try:
            yield f"{server_url.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def run_live_registry(data_dir: Path, empty_database: bytes) -> Iterator[LiveRegistry]:
    """Start a registry with a worker; stop it at the end of the context."""
    server_url = os.environ.get("PLUGPORT_TEST_DATABASE_URL", "")
    with create_database(server_url) as database_url:
        registry = LiveRegistry(data_dir, database_url=database_url, empty_database=empty_database)
        try:
            registry.start()
            yield registry
        finally:
            registry.stop()
