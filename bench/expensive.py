"""Measure expensive requests: first, when their result is stored, and what they cost others.

Then the gateway: the latency of health checks while ten clients keep all threads of Django busy.

Run: `python -m bench.expensive [--database sqlite] [--plugins 20000]`. The packages are a release of 9,900 files that
all changed, a text behind 115 MB, a text of 600,000 line feeds, and a source file of 49,000 characters.
"""

from __future__ import annotations

import contextlib
import http.client
import multiprocessing
import shutil
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from bench.report import report
from bench.running import Registry, build_parser, create_registry, list_databases
from bench.slow_clients import Probe

_REPEATS = 9
_SECONDS = 5.0
# A web process has fewer threads.
_BUSY_CLIENTS = 10
_HEALTH_SECONDS = 15.0
_HEALTH_MS = 100
# All clients have this address, and one address may use only half of the threads.
_VARIABLES = {"PLUGPORT_UNLIMITED_NETWORKS": "127.0.0.1"}
# Django renders them anew for each request with a token.
_PAGES = (
    "/plugins/@bench/many/files",
    "/plugins/@bench/large",
    "/search?q=chat",
    "/sitemaps/2.xml",
)
_DIFF = "/api/v1/plugins/@bench/many/2.0.0/diff"
_CHEAP = "/api/v1/plugins/@bench/many"
_CASES = {
    "diff of 9,900 files": _DIFF,
    "compare page of 9,900 files": "/plugins/@bench/many/compare",
    "part of a text behind 115 MB": "/plugins/@bench/large/files/zz/last.txt?as=parts",
    "part with 40,000 lines": "/plugins/@bench/large/files/zz/lines.txt?as=parts",
    "source file of 49,000 characters": "/plugins/@bench/large/files/aa/code.js",
    "index of the sitemap": "/sitemap.xml",
    "part of the sitemap": "/sitemaps/2.xml",
}
_PUBLISH = """
import random
from accounts.models import User
from tests.support.publishing import Publisher
publisher = Publisher(User.objects.get(username="bench"))
for version in ("1.0.0", "2.0.0"):
    files = {
        f"src/module{n % 97}/part{n % 13}/file_{n:05}.js": f"export const a = '{version} {n}';"
        for n in range(9_895)
    }
    assert publisher.publish("@bench/many", version, files=files).state == "published"
noise = random.Random(1).randbytes(1_000_000)
blocks = {f"bb/block{n:03}.bin": b"%d " % n * 333_333 if n % 4 else noise for n in range(115)}
texts = {
    "aa/code.js": "const value = call(1, 'two'); // note\\n" * 1_289,
    "zz/last.txt": "".join(f"line {n}\\n" for n in range(30_000)),
    "zz/lines.txt": "\\n" * 600_000,
}
assert publisher.publish("@bench/large", files={**blocks, **texts}).state == "published"
"""


class Client:
    """A connection with a token, so that every request reaches a web process."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}

    def get(self, path: str) -> tuple[int, float]:
        """Return the status, and the seconds until the whole response is there."""
        started = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        response.read()
        return response.status, time.perf_counter() - started


def measure_cases(registry: Registry, token: str) -> None:
    """Print the time of the first request of each case, and the median of further ones."""
    client = Client(registry.url, token)
    client.get(_CHEAP)
    for name, path in _CASES.items():
        status, first = client.get(path)
        if status != 200:
            raise SystemExit(f"{path} responded {status}")
        times = [client.get(path)[1] for _ in range(_REPEATS)]
        report(f"{name}, first ({registry.database})", first * 1000, "ms")
        report(f"{name}, again ({registry.database})", statistics.median(times) * 1000, "ms")


@contextlib.contextmanager
def request_diffs(registry: Registry, token: str, threads: int) -> Iterator[None]:
    """Request diffs without stored results meanwhile."""
    is_done = threading.Event()

    def run() -> None:
        client = Client(registry.url, token)
        while not is_done.is_set():
            shutil.rmtree(registry.folder / "results", ignore_errors=True)
            client.get(_DIFF)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        is_done.set()
        for thread in running:
            thread.join()


def measure_others(registry: Registry, token: str) -> None:
    """Print the latency of a cheap request, alone and beside diffs."""
    for threads in (0, 1, 4):
        client, times = Client(registry.url, token), []
        with request_diffs(registry, token, threads):
            until = time.monotonic() + _SECONDS
            while time.monotonic() < until:
                times.append(client.get(_CHEAP)[1] * 1000)
        p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        report(f"metadata beside {threads} x diff, p50 ({registry.database})", p50, "ms")
        report(f"metadata beside {threads} x diff, p99 ({registry.database})", p99, "ms")


def _request_pages(url: str, token: str, is_done: Any, out: Any) -> None:
    """Request expensive pages until the event is set; put the number of responses by status."""
    client, statuses = Client(url, token), Counter[int]()
    while not is_done.is_set():
        statuses[client.get(_PAGES[statuses.total() % len(_PAGES)])[0]] += 1
    out.put(statuses)


def measure_health(registry: Registry, token: str) -> None:
    """Print the latency of health checks while all threads of Django render pages."""
    is_done = multiprocessing.Event()
    out: multiprocessing.Queue = multiprocessing.Queue()  # type: ignore[type-arg]
    # Processes, because threads of this one would delay its own clock.
    clients = [
        multiprocessing.Process(
            target=_request_pages, args=(registry.url, token, is_done, out), daemon=True
        )
        for _ in range(_BUSY_CLIENTS)
    ]
    for client in clients:
        client.start()
    probes = [Probe(path, path) for path in ("/healthz", "/readyz")]
    until = time.monotonic() + _HEALTH_SECONDS
    threads = [threading.Thread(target=probe.run, args=(registry.url, until)) for probe in probes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    is_done.set()
    statuses = sum((out.get(timeout=60) for _ in clients), Counter[int]())
    mark = f"{registry.database}, {_BUSY_CLIENTS} clients request expensive pages"
    for probe in probes:
        probe.report(mark, maximum_ms=_HEALTH_MS)
    report(f"expensive pages ({mark})", statuses.total() / _HEALTH_SECONDS, "requests/s")
    failures = statuses.total() - statuses[200]
    report(f"expensive pages: other than 200 ({mark})", failures, "responses", maximum=0)


def main() -> None:
    parser = build_parser(__doc__)
    parser.add_argument("--plugins", type=int, default=20_000, help="plugins in the sitemap")
    options = parser.parse_args()
    for database in list_databases(options.database):
        with create_registry(database, **_VARIABLES) as registry:
            token = registry.create_token("bench")
            registry.manage("make_catalogue", str(options.plugins))
            registry.manage("shell", "--no-imports", "--command", _PUBLISH)
            registry.manage("collectstatic", "--noinput", "--verbosity", "0")
            # One web process: it gets all requests.
            registry.start(workers=1)
            measure_cases(registry, token)
            measure_others(registry, token)
            measure_health(registry, token)


if __name__ == "__main__":
    main()
