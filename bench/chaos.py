"""Kill random processes of a registry while clients publish; check that nothing acknowledged is lost.

Every process may be killed: the supervisor, the web server, web processes and workers. A killed
supervisor is started again. At the end all acknowledged releases must become public, with the
bytes that were sent.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from typing import Any

import psutil

from bench.load import Connection
from bench.report import report
from bench.restarts import Publishers, is_responding, wait
from bench.running import (
    Registry,
    build_parser,
    build_variables,
    create_registry,
    list_databases,
)

_MAX_WEB_PROCESSES = 2
_MIN_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.2, 3.0
# Jobs of killed workers wait until their lease expires.
_FINISH_SECONDS = 300


class Readers:
    """A thread that reads a page, and counts the responses."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.statuses: Counter[str] = Counter()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for it."""
        self._is_stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_stopping.wait(0.05):
            try:
                connection = Connection(self._registry.url)
                status, _ = connection.get("/")
                connection.socket.close()
                self.statuses[str(status)] += 1
            except (OSError, ValueError):
                # The process that had the connection was killed.
                self.statuses["no response"] += 1


def list_targets(registry: Registry) -> dict[int, str]:
    """The processes of the registry by id, with their kinds."""
    assert registry.process is not None
    supervisor = psutil.Process(registry.process.pid)
    targets = {supervisor.pid: "supervisor"}
    for child in supervisor.children():
        line = " ".join(child.cmdline())
        if "celery" in line:
            targets[child.pid] = "worker"
            continue
        kind = "gateway" if "gateway.app" in line else "web process"
        targets[child.pid] = f"server of the {kind}"
        targets |= {grandchild.pid: kind for grandchild in child.children()}
    return targets


def kill_one(registry: Registry, rng: random.Random) -> str:
    """Kill a random process, start the supervisor again if it was killed; returns its kind."""
    try:
        targets = list_targets(registry)
        # The same chance for each kind, not for each process.
        kind = rng.choice(sorted(set(targets.values())))
        pid = rng.choice(sorted(pid for pid, name in targets.items() if name == kind))
        psutil.Process(pid).kill()
    except psutil.NoSuchProcess:
        return "none"
    if kind == "supervisor":
        assert registry.process is not None
        registry.process.wait()
        registry.start(workers=_MAX_WEB_PROCESSES)
    return kind


def read_digest(registry: Registry, release: Mapping[str, Any]) -> str:
    """The SHA-256 of the package of a release, or the reason why there is none."""
    address = f"/api/v1/plugins/{release.get('name')}/{release.get('version')}"
    try:
        with urllib.request.urlopen(f"{registry.url}{address}/download", timeout=30) as answer:
            return hashlib.sha256(answer.read()).hexdigest()
    except (urllib.error.URLError, OSError) as error:
        return str(error)


def run(registry: Registry, *, seconds: float, seed: int) -> None:
    """Kill processes for that time, then check every acknowledged release."""
    rng = random.Random(seed)
    registry.start(workers=_MAX_WEB_PROCESSES)
    kills: Counter[str] = Counter()
    readers = Readers(registry)
    with Publishers(registry) as publishers:
        readers.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            kills[kill_one(registry, rng)] += 1
            time.sleep(rng.uniform(_MIN_PAUSE_SECONDS, _MAX_PAUSE_SECONDS))
    readers.stop()
    wait(lambda: is_responding(registry))
    started = time.perf_counter()
    while waiting := [path for path in publishers.sent if not publishers.is_published(path)]:
        if time.perf_counter() - started > _FINISH_SECONDS:
            break
        time.sleep(1)
    mark = f"{registry.database}, seed {seed}"
    for kind, number in sorted(kills.items()):
        report(f"kills: {kind} ({mark})", number, "kills")
    report(f"acknowledged ({mark})", len(publishers.sent), "releases")
    report(f"lost ({mark})", len(waiting), "releases", maximum=0)
    report(f"all published after ({mark})", time.perf_counter() - started, "s")
    for status, number in sorted(readers.statuses.items()):
        is_failure = status.startswith("5") and status != "503"
        report(f"page: {status} ({mark})", number, "responses", maximum=0 if is_failure else None)
    wrong = [
        path
        for path, sha in publishers.sent.items()
        if read_digest(registry, publishers.fetch_status(path)) != sha
    ]
    report(f"wrong bytes ({mark})", len(wrong), "releases", maximum=0)


def main() -> None:
    parser = build_parser(__doc__, has_redis=True)
    parser.add_argument("--seconds", type=float, default=600, help="how long to kill processes")
    parser.add_argument("--seed", type=int, default=1, help="decides which processes are killed")
    options = parser.parse_args()
    for database in list_databases(options.database):
        with create_registry(database, **build_variables(options)) as registry:
            run(registry, seconds=options.seconds, seed=options.seed)


if __name__ == "__main__":
    main()
