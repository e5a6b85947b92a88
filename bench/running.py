"""A registry for the benchmarks: `manage.py serve` in a separate folder, on either database."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.report import skip
from config.processes.listening import ListenAddress

ROOT = Path(__file__).resolve().parents[1]
POSTGRES = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
_START_SECONDS = 120
# High enough that no request of a benchmark is rejected.
_VARIABLES = {
    "PLUGPORT_LOG_LEVEL": "WARNING",
    "PLUGPORT_REQUIRE_MFA_TO_PUBLISH": "0",
    "PLUGPORT_LIMIT_READ": "100000000/minute",
    "PLUGPORT_LIMIT_WRITE": "100000000/minute",
    "PLUGPORT_LIMIT_PAGE": "100000000/minute",
    "PLUGPORT_LIMIT_PUBLISH": "100000000/minute",
}
_CREATE_TOKEN_CODE = """
from accounts.actions.tokens.create_token import create_token
from accounts.models import User
user, _ = User.objects.get_or_create(username={name!r}, defaults={{"email": "bench@example.test"}})
print(create_token(actor=user, name="bench", scopes=["read", "publish", "manage"])[1])
"""


@dataclass
class Registry:
    """One registry in its folder. `database` labels its results."""

    folder: Path
    database: str
    environment: dict[str, str]
    url: str
    # A Unix socket on which it listens instead of the port of the URL, for nginx.
    uds: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str, allowed_codes: Collection[int] = (0,)) -> str:
        """Run a management command; return its output. Other exit codes end the benchmark."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in allowed_codes:
            raise SystemExit(f"manage.py {arguments[0]} failed:\n{done.stderr}")
        return done.stdout

    def create_token(self, username: str) -> str:
        """Return a new token of the account, which is created if it does not exist."""
        command = _CREATE_TOKEN_CODE.format(name=username)
        return self.manage("shell", "--no-imports", "--command", command).strip()

    def start(self, *, workers: int = 2) -> None:
        """Start web server and worker; return when they respond."""
        listen = ["--uds", str(self.uds)] if self.uds else []
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--workers", str(workers), *listen],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit((self.folder / "serve.log").read_text())
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop web server and worker."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
            self.process = None

    def _is_ready(self) -> bool:
        parts = urlsplit(self.url)
        return ListenAddress(parts.hostname or "", parts.port or 0, self.uds).is_ready()

    def list_web_processes(self) -> list[psutil.Process]:
        """Return the processes that serve requests."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children()
        web = next(child for child in children if "config.wsgi" in " ".join(child.cmdline()))
        return [child for child in web.children() if "tracker" not in " ".join(child.cmdline())]

    def list_serving_processes(self) -> dict[str, psutil.Process]:
        """Return all processes below the supervisor that are no workers, with names for the output."""
        assert self.process is not None
        found: dict[str, psutil.Process] = {}
        for child in psutil.Process(self.process.pid).children():
            line = " ".join(child.cmdline())
            if "celery" in line:
                continue
            kind = "gateway" if "gateway.app" in line else "web"
            descendants = child.children(recursive=True)
            serving = [each for each in descendants if "tracker" not in " ".join(each.cmdline())]
            # A web server without processes of its own serves requests itself.
            for process in serving or [child]:
                found[f"{kind} process {len(found) + 1}"] = process
        return found


@contextlib.contextmanager
def create_registry(database: str, **variables: str) -> Iterator[Registry]:
    """Prepare a registry without starting it; delete it at the end.

    `database` is `sqlite` or `postgresql`. With `PLUGPORT_REDIS_URL`, the label of the results says so.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plugport-bench-")))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        inherited = {
            k: v for k, v in os.environ.items() if not k.startswith(("PLUGPORT_", "DATABASE_"))
        }
        environment = {
            **inherited,
            **_VARIABLES,
            "PLUGPORT_DATA_DIR": str(folder),
            "PLUGPORT_BASE_URL": url,
            "PORT": str(port),
            **variables,
        }
        if database == "postgresql":
            environment["DATABASE_URL"] = stack.enter_context(_create_database())
        label = f"{database} and Redis" if "PLUGPORT_REDIS_URL" in variables else database
        registry = Registry(folder, label, environment, url)
        stack.callback(registry.stop)
        registry.manage("migrate", "--verbosity", "0")
        yield registry


@contextlib.contextmanager
def _create_database() -> Iterator[str]:
    """Create a temporary database on the server; drop it at the end."""
    import psycopg

    name = f"plugport_bench_{os.getpid()}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{POSTGRES.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def list_databases(requested: str) -> list[str]:
    """Return the requested databases that respond."""
    names = ["sqlite", "postgresql"] if requested == "both" else [requested]
    if "postgresql" in names:
        import psycopg

        try:
            psycopg.connect(POSTGRES, connect_timeout=3).close()
        except psycopg.OperationalError as error:
            names.remove("postgresql")
            skip("postgresql", str(error).strip().splitlines()[0])
    return names


def build_parser(description: str | None, *, has_redis: bool = False) -> argparse.ArgumentParser:
    """Return an argument parser with `--database`, and `--redis` for `build_variables`."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    if has_redis:
        parser.add_argument("--redis", default="", help="URL of a Redis database for the registry")
    return parser


def build_variables(options: argparse.Namespace) -> dict[str, str]:
    """Return the variables of `create_registry` for the options of a parser with `--redis`."""
    return {"PLUGPORT_REDIS_URL": options.redis} if options.redis else {}
