"""Sign in with a password, ten at once.

Every thread has an address of this machine, since the registry limits sign-ins by address. Only the request
with the password is measured, from the first byte sent to the last byte received.
"""

from __future__ import annotations

import http.client
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

from bench.report import report
from bench.running import Registry, build_parser, create_registry, list_databases

_THREADS = 10
# Below the limit of sign-ins of one address in a minute.
_SIGN_INS = 25
_PASSWORD = "correct horse battery"
_TARGET_MS = 400
_CREATE_ACCOUNTS = """
from django.contrib.auth.hashers import make_password
from accounts.models import User
encoded = make_password({password!r})
for number in range({count}):
    User.objects.create(username=f"bench-{{number}}", email=f"b{{number}}@bench.invalid", password=encoded)
"""
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def sign_in(url: str, number: int) -> tuple[int, float]:
    """Sign in as one account from one address; returns the status and the seconds that it took."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=30, source_address=(f"127.0.0.{number + 2}", 0)
    )
    connection.request("GET", "/login")
    page = connection.getresponse()
    found = _TOKEN.search(page.read().decode())
    cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
    assert found
    form = {"login": f"bench-{number}", "password": _PASSWORD, "csrfmiddlewaretoken": found[1]}
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    started = time.perf_counter()
    connection.request("POST", "/login", urlencode(form), headers)
    response = connection.getresponse()
    response.read()
    seconds = time.perf_counter() - started
    connection.close()
    if response.status not in (302, 503):
        raise SystemExit(f"a sign-in got status {response.status}")
    return response.status, seconds


def sign_in_repeatedly(url: str, number: int) -> list[tuple[int, float]]:
    """The result of each sign-in of one account."""
    return [sign_in(url, number) for _ in range(_SIGN_INS)]


def bench(registry: Registry) -> None:
    """Measure the sign-ins of all threads."""
    command = _CREATE_ACCOUNTS.format(password=_PASSWORD, count=_THREADS)
    registry.manage("shell", "--no-imports", "--command", command)
    registry.start()
    try:
        with ThreadPoolExecutor(_THREADS) as pool:
            threads = [
                pool.submit(sign_in_repeatedly, registry.url, number) for number in range(_THREADS)
            ]
            results = [each for thread in threads for each in thread.result()]
    finally:
        registry.stop()
    times = sorted(seconds for status, seconds in results if status == 302)
    refused = len(results) - len(times)
    p95 = times[int(len(times) * 0.95)] * 1000
    name = f"sign-in, {_THREADS} at once ({registry.database})"
    report(f"{name}: p50", times[len(times) // 2] * 1000, "ms")
    report(f"{name}: refused as too many (503)", refused, "sign-ins", maximum=0)
    report(f"{name}: p95", p95, "ms", maximum=_TARGET_MS)


def main() -> None:
    options = build_parser(__doc__).parse_args()
    for database in list_databases(options.database):
        with create_registry(database) as registry:
            bench(registry)


if __name__ == "__main__":
    main()
