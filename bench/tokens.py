"""Check tokens: the time of one check, and how long a revoked token works in all processes.

The checks run in a process of their own, with 10,000 tokens in the table. For the revocation, connections to the
gateway read without a pause with one token while another token revokes it.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from urllib.parse import urlsplit

from bench.report import report
from bench.running import Registry, build_parser, create_registry, list_databases

_CHECK_MS = 1.0
_EFFECTIVE_MS = 250
_READERS = 6
_ROUNDS = 3
_MEASURE = """
import json, statistics, time
from django.db import connection
from django.test.utils import CaptureQueriesContext
from accounts.actions.tokens.create_token import create_token
from accounts.models import Token, User
from accounts.queries.tokens import find_recent_token, get_token
user = User.objects.get(username="bench-tokens")
other = User.objects.create(username="bench-many", email="many@example.test")
text = create_token(actor=user, name="bench", scopes=["read"])[1]
Token.objects.bulk_create(
    [Token(user=other, name="t", sha256=f"{n:064}") for n in range(10_000)], batch_size=500
)
def measure(check):
    with CaptureQueriesContext(connection) as queries:
        check(text)
    times = []
    for _ in range(2000):
        started = time.perf_counter()
        assert check(text) is not None
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return len(queries), statistics.median(times), times[int(len(times) * 0.99)]
def check_recent(text):
    return find_recent_token(text) or get_token(text)
get_token(text)
print(json.dumps({"queried": measure(get_token), "recent": measure(check_recent)}))
"""


def measure_checks(registry: Registry) -> None:
    """Report the time and the queries of a check."""
    output = registry.manage("shell", "--no-imports", "--command", _MEASURE)
    for name, (queries, median, p99) in json.loads(output.splitlines()[-1]).items():
        label = f"token check, {name} ({registry.database})"
        report(f"{label}: queries", queries, "", maximum=1)
        report(f"{label}: p50", median, "ms", maximum=_CHECK_MS)
        # Without a target: on a machine that does other work, it is the time until the process runs again.
        report(f"{label}: p99", p99, "ms")


def measure_revocation(registry: Registry) -> None:
    """Report the longest time in which a revoked token was accepted, in several rounds."""
    worst = 0.0
    for _ in range(_ROUNDS):
        victim = registry.create_token("bench-tokens")
        revoker = registry.create_token("bench-tokens")
        accepted: list[float] = []
        threads = [
            threading.Thread(target=_read, args=(registry.url, victim, accepted))
            for _ in range(_READERS)
        ]
        for thread in threads:
            thread.start()
        while len(accepted) < 20 * _READERS:
            time.sleep(0.01)
        _send(registry.url, "DELETE", f"/api/v1/me/tokens/{_get_id(registry.url, victim)}", revoker)
        revoked_at = time.monotonic()
        for thread in threads:
            thread.join()
        worst = max(worst, *(begun - revoked_at for begun in accepted))
    name = f"revoked token accepted after the response ({registry.database})"
    report(name, max(worst, 0.0) * 1000, "ms", maximum=_EFFECTIVE_MS)


def _read(url: str, token: str, accepted: list[float]) -> None:
    """Read until the token is refused, and note when each accepted request began."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    while True:
        begun = time.monotonic()
        connection.request("GET", "/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        response.read()
        if response.status == 401:
            return
        if response.status != 200:
            raise SystemExit(f"a read got status {response.status}")
        accepted.append(begun)


def _get_id(url: str, token: str) -> int:
    return int(json.loads(_send(url, "GET", "/api/v1/me", token))["token"]["id"])


def _send(url: str, method: str, path: str, token: str) -> bytes:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request(method, path, headers={"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{method} {path} got status {response.status}")
    return body


def bench(registry: Registry) -> None:
    """Measure both on one database."""
    registry.create_token("bench-tokens")
    measure_checks(registry)
    registry.start(workers=3)
    try:
        measure_revocation(registry)
    finally:
        registry.stop()


def main() -> None:
    """Measure on each database that responds."""
    options = build_parser(__doc__).parse_args()
    for database in list_databases(options.database):
        with create_registry(database) as registry:
            bench(registry)


if __name__ == "__main__":
    main()
