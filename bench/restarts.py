"""Measure how long a registry takes to recover from killed processes, while clients publish.

The time of a recovery ends when a package that was sent after the kill is published.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Self

import psutil

from bench.load import Connection
from bench.publish import build_package
from bench.report import report
from bench.running import Registry, build_parser, create_registry, list_databases

# Together four packages a second: more would only measure how long the list of checks is.
_CLIENTS = 2
_PAUSE_SECONDS = 0.5
_NOISE_BYTES = 5_000
_POLL_SECONDS = 0.02
_MAX_SECONDS = 60


class Publishers:
    """Threads that publish at a steady rate, also while the registry does not respond."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._token = registry.create_token("bench")
        self._numbers = count(1)
        self._is_stopping = False
        # The status path of each acknowledged release, with the SHA-256 of its package.
        self.sent: dict[str, str] = {}
        self._threads = [threading.Thread(target=self._run) for _ in range(_CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopping = True
        for thread in self._threads:
            thread.join()

    def publish(self) -> str:
        """Publish one package; return the path of its status. Raises `OSError`."""
        package = build_package("@bench/plugin", f"1.{next(self._numbers)}.0", _NOISE_BYTES)
        connection = Connection(self._registry.url, {"Authorization": f"Bearer {self._token}"})
        status, body = connection.post_package("/api/v1/plugins", [package], len(package))
        connection.socket.close()
        if status not in (201, 202):
            raise ConnectionError(f"{status}")
        path = str(json.loads(body)["statusUrl"]).removeprefix(self._registry.url)
        self.sent[path] = hashlib.sha256(package).hexdigest()
        return path

    def fetch_status(self, path: str) -> dict[str, Any]:
        """The status of a release; empty if the registry does not respond."""
        request = urllib.request.Request(
            f"{self._registry.url}{path}", headers={"Authorization": f"Bearer {self._token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                document: dict[str, Any] = json.load(answer)
                return document
        except (urllib.error.URLError, OSError):
            return {}

    def is_published(self, path: str) -> bool:
        """Whether the release is published. False if the registry does not respond."""
        return self.fetch_status(path).get("state") == "published"

    def _run(self) -> None:
        while not self._is_stopping:
            with contextlib.suppress(OSError, ValueError):
                self.publish()
            time.sleep(_PAUSE_SECONDS)


def wait(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; exits after a minute."""
    until = time.monotonic() + _MAX_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(f"the registry did not recover within {_MAX_SECONDS} s")
        time.sleep(_POLL_SECONDS)


def is_responding(registry: Registry) -> bool:
    """Whether a web process renders a page: the gateway stores no response to an unknown query."""
    try:
        with urllib.request.urlopen(f"{registry.url}/?unstored=1", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until_published(publishers: Publishers) -> None:
    """Publish one package and wait until it is public."""
    paths: list[str] = []

    def send() -> bool:
        try:
            paths.append(publishers.publish())
        except (OSError, ValueError):
            return False
        return True

    wait(send)
    wait(lambda: publishers.is_published(paths[0]))


def iter_targets(registry: Registry) -> Iterator[tuple[str, psutil.Process]]:
    """Yield the name and the process of each kind, one after the other."""
    assert registry.process is not None
    supervisor = psutil.Process(registry.process.pid)

    def find(word: str) -> psutil.Process:
        return next(p for p in supervisor.children() if word in " ".join(p.cmdline()))

    yield "worker", find("celery")
    yield "web process", registry.list_web_processes()[0]
    yield "web server", find("config.wsgi")
    yield "gateway", find("gateway.app").children()[-1]
    yield "server of the gateway", find("gateway.app")


def measure_kill(
    registry: Registry, publishers: Publishers, name: str, process: psutil.Process
) -> None:
    """Kill one process, and report when the registry responds and publishes again."""
    # The supervisor waits before it restarts a process that ran for a shorter time.
    wait(lambda: time.time() - process.create_time() > 11)
    started = time.perf_counter()
    process.kill()
    wait(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    wait(lambda: is_responding(registry))
    responding = time.perf_counter() - started
    wait_until_published(publishers)
    mark = f"{name} killed, {registry.database}"
    report(f"responds again ({mark})", responding, "s", maximum=2)
    report(f"publishes again ({mark})", time.perf_counter() - started, "s")


def measure_restart(registry: Registry, publishers: Publishers) -> None:
    """Kill the supervisor and start the registry again."""
    assert registry.process is not None
    started = time.perf_counter()
    registry.process.send_signal(signal.SIGKILL)
    registry.process.wait()
    registry.start(workers=1)
    responding = time.perf_counter() - started
    wait_until_published(publishers)
    mark = f"supervisor killed and started, {registry.database}"
    report(f"responds again ({mark})", responding, "s", maximum=3)
    report(f"publishes again ({mark})", time.perf_counter() - started, "s", maximum=5)


def run(registry: Registry) -> None:
    """Kill one process of each kind, then the supervisor."""
    registry.start(workers=1)
    with Publishers(registry) as publishers:
        wait_until_published(publishers)
        for name, process in iter_targets(registry):
            measure_kill(registry, publishers, name, process)
        measure_restart(registry, publishers)


def main() -> None:
    options = build_parser(__doc__).parse_args()
    for database in list_databases(options.database):
        with create_registry(database) as registry:
            run(registry)


if __name__ == "__main__":
    main()
