"""`manage.py serve`: the whole registry on one machine, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import os
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    OutputWrapper,
)

from config.supervisor import Child, Supervisor

_HOST = "127.0.0.1"


class Command(BaseCommand):
    """Prepares the data folder, then runs web and worker side by side."""

    help = "Run web and worker on this machine; everything else is found in the data folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--demo", action="store_true", help="load the demo catalogue once")
        parser.add_argument("--host", default=_HOST, help="address to listen on")
        parser.add_argument("--workers", type=int, default=2, help="web processes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal ends it; every process is ended before this returns."""
        check_port(options["host"], settings.PORT)
        call_command("migrate", verbosity=0, interactive=False)
        collect_static()
        if options["demo"]:
            call_command("load_demo", stdout=self.stdout)
        environment = {**os.environ, "PLUGPORT_DATA_DIR": str(settings.DATA_DIR)}
        commands = build_commands(options["host"], options["workers"])
        children = [Child(name, command) for name, command in commands.items()]
        announcer = Announcer(self.stdout, options["host"], has_demo=options["demo"])
        Supervisor(children, environment, str(settings.BASE_DIR), on_tick=announcer.look).run()


class Announcer:
    """Says once where the registry runs, as soon as it answers."""

    def __init__(self, out: OutputWrapper, host: str, *, has_demo: bool) -> None:
        self._out = out
        self._url = f"http://{host}:{settings.PORT}"
        self._has_demo = has_demo
        self._is_done = False

    def look(self) -> None:
        """Called by the supervisor between its rounds."""
        if self._is_done or not is_answering(f"{self._url}/readyz"):
            return
        self._is_done = True
        lines = [f"Plugport is running at {self._url}"]
        if self._has_demo:
            lines += read_sign_ins()
        self._out.write("\n" + "\n".join(lines) + "\n")
        self._out.flush()


def check_port(host: str, port: int) -> None:
    """Raise `CommandError` if something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} of {host} cannot be used: {error.strerror}."
                " Choose another with PORT=8001."
            ) from None


def collect_static() -> None:
    """Gather the static files if any of them changed since the last start."""
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".collected"
    sources = [p for folder in settings.STATICFILES_DIRS for p in Path(folder).rglob("*")]
    requirements = settings.BASE_DIR / "requirements" / "run.txt"
    newest = max((p.stat().st_mtime for p in [*sources, requirements]), default=0.0)
    if stamp.exists() and stamp.stat().st_mtime > newest:
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.touch()


def build_commands(host: str, workers: int) -> dict[str, list[str]]:
    """The command lines of web and worker, run by this Python."""
    folder = Path(sys.executable).parent
    # More than may wait at once for checks (`MAX_WAITING`) and for pictures (`SEATS`) together.
    threads = min(12, max(5, 2 * (os.cpu_count() or 1) + 1))
    web = (
        f"--interface wsgi config.wsgi:application --host {host} --port {settings.PORT}"
        f" --workers {workers} --blocking-threads {threads} --backpressure 64 --no-ws"
        " --log-level warning --respawn-failed-workers --workers-kill-timeout 10"
    )
    worker = (
        "--app config.celery --quiet worker --concurrency 1 --loglevel warning"
        " --without-gossip --without-mingle"
    )
    return {
        "web": [str(folder / "granian"), *web.split()],
        "worker": [str(folder / "celery"), *worker.split()],
    }


def is_answering(url: str) -> bool:
    """Whether the address answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 -- our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def read_sign_ins() -> list[str]:
    """The demo accounts with their passwords, as `load_demo` keeps them."""
    path = Path(settings.DATA_DIR) / "demo-sign-ins.txt"
    if not path.exists():
        return []
    return ["Demo sign-ins:", *(f"  {line}" for line in path.read_text().splitlines())]
