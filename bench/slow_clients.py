"""Read a registry while hundreds of clients send and receive next to nothing.

500 connections send the head of a POST and one byte of its body, half of them to the form of the
sign-in and half a package; 200 read a package of 60 MB at 1 kB/s. They come from 39 addresses of
this machine and connect again when the server ends their connection. Meanwhile `/healthz`, a page
and the API are read, each on a new connection, and packages are published.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import math
import multiprocessing
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from queue import Empty
from typing import Any
from urllib.parse import urlsplit

from bench.load import ACCEPTED, Connection
from bench.publish import MB, build_package, wait_until_published
from bench.report import report
from bench.running import Registry, build_parser, create_registry, list_databases

# Not 127.0.0.1, from which the registry is read.
_ADDRESSES = [f"127.0.0.{number}" for number in range(2, 41)]
_PACKAGE_BYTES = 60 * MB
_SMALL_BYTES = 20_000
_NAME = "@bench/large"
_API_PATH = f"/api/v1/plugins/{_NAME}"
_PUBLISH_PATH = "/api/v1/plugins"
_SIGN_IN_PATH = "/login"
_RECEIVED_BYTES = 1000
# Smaller than a package, so that the server has to wait for the client.
_RECEIVE_BUFFER_BYTES = 16_384
# A server that refuses them is not flooded: these clients are slow, not many.
_RECONNECT_SECONDS = 5
_CONNECT_SECONDS = 10
_PROBE_PAUSE_SECONDS = 0.05
_PROBE_TIMEOUT_SECONDS = 10
_PUBLISH_PAUSE_SECONDS = 5
_RECOVERY_SECONDS = 120
_Events = Any  # multiprocessing.Queue is generic for mypy only.


@dataclass
class Probe:
    """Reads one path again and again; has the times in seconds, and the responses by status."""

    title: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def run(self, url: str, until: float) -> None:
        """Read until that moment of the monotonic clock, at most twenty times a second."""
        while time.monotonic() < until:
            started = time.perf_counter()
            self.statuses[self._read(url)] += 1
            self.times.append(time.perf_counter() - started)
            time.sleep(_PROBE_PAUSE_SECONDS)

    def _read(self, url: str) -> str:
        connection = http.client.HTTPConnection(
            urlsplit(url).netloc, timeout=_PROBE_TIMEOUT_SECONDS
        )
        try:
            connection.request("GET", self.path, headers=dict(self.headers))
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return "no response"
        finally:
            connection.close()
        return str(answer.status)

    def report(self, mark: str, *, maximum_ms: float = 200) -> None:
        """Print the percentiles, and the number of responses other than 200."""
        ordered = sorted(self.times)
        p99 = ordered[math.ceil(len(ordered) * 0.99) - 1] * 1000
        report(f"{self.title}: p50 ({mark})", ordered[len(ordered) // 2] * 1000, "ms")
        report(f"{self.title}: p99 of {len(ordered)} ({mark})", p99, "ms", maximum=maximum_ms)
        failures = len(ordered) - self.statuses["200"]
        report(f"{self.title}: other than 200 ({mark})", failures, "responses", maximum=0)


def _build_post(url: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}", "Content-Length: 100000"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\nx").encode()


def _build_requests(url: str, token: str, options: argparse.Namespace) -> Iterator[bytes]:
    """Yield what each slow client sends."""
    # With a cookie, the protection against forged requests reads the body for the token.
    form = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"csrftoken={'x' * 32}",
        "Origin": url,
    }
    multipart = {
        "Content-Type": "multipart/form-data; boundary=slow",
        "Authorization": f"Bearer {token}",
    }
    for number in range(options.posts):
        path, headers = (_SIGN_IN_PATH, form) if number % 2 else (_PUBLISH_PATH, multipart)
        yield _build_post(url, path, headers)
    for _ in range(options.readers):
        head = f"GET {_API_PATH}/1.0.0/download HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n\r\n"
        yield head.encode()


def _run_slow_clients(url: str, requests: list[bytes], events: _Events) -> None:
    asyncio.run(_run_all(url, requests, events))


async def _run_all(url: str, requests: list[bytes], events: _Events) -> None:
    clients = (
        _run_slow_client(url, _ADDRESSES[number % len(_ADDRESSES)], request, events)
        for number, request in enumerate(requests)
    )
    await asyncio.gather(*clients)


async def _run_slow_client(url: str, address: str, request: bytes, events: _Events) -> None:
    """Send the request, receive slowly, and start again when the server ends the connection."""
    loop, parts = asyncio.get_running_loop(), urlsplit(url)
    kind = request[:4].decode().strip()
    while True:
        with socket.socket() as client:
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
            client.bind((address, 0))
            ending = "reset"
            with contextlib.suppress(OSError):
                await loop.sock_connect(client, (parts.hostname, parts.port))
                await loop.sock_sendall(client, request)
                events.put((kind, "connected"))
                ending = await _receive_slowly(client)
            events.put((kind, f"ended: {ending}"))
        await asyncio.sleep(_RECONNECT_SECONDS)


async def _receive_slowly(client: socket.socket) -> str:
    """Receive until the server ends the connection; return the status, or `no response`."""
    loop, status = asyncio.get_running_loop(), "no response"
    while data := await loop.sock_recv(client, _RECEIVED_BYTES):
        if data.startswith(b"HTTP/1.1 "):
            status = data[9:12].decode()
        await asyncio.sleep(1)
    return status


class SlowClients:
    """The process of the slow clients, and what happened to them."""

    def __init__(self, url: str, token: str, options: argparse.Namespace) -> None:
        self._events: _Events = multiprocessing.Queue()
        requests = list(_build_requests(url, token, options))
        self._count = len(requests)
        self._process = multiprocessing.Process(
            target=_run_slow_clients, args=(url, requests, self._events), daemon=True
        )
        self.counts: Counter[tuple[str, str]] = Counter()

    def start(self) -> None:
        """Connect all; return when all have connected or after ten seconds."""
        self._process.start()
        until = time.monotonic() + _CONNECT_SECONDS
        while self.counts.total() < self._count and time.monotonic() < until:
            with contextlib.suppress(Empty):
                self.counts[self._events.get(timeout=0.1)] += 1

    def stop(self) -> None:
        """End all connections, and count what happened until now."""
        with contextlib.suppress(Empty):
            while True:
                self.counts[self._events.get(timeout=0.1)] += 1
        self._process.kill()
        self._process.join()


class Publisher:
    """Publishes small packages one after the other, in a thread of its own."""

    def __init__(self, registry: Registry, token: str) -> None:
        self._registry = registry
        self._token = token
        # Seconds until each package was accepted.
        self.times: list[float] = []
        self.paths: list[str] = []
        self.failures: list[str] = []

    def run(self, until: float) -> None:
        """Publish until that moment of the monotonic clock."""
        number = 0
        while time.monotonic() < until:
            number += 1
            self._publish(build_package("@bench/small", f"1.{number}.0", _SMALL_BYTES))
            time.sleep(_PUBLISH_PAUSE_SECONDS)

    def _publish(self, package: bytes) -> None:
        started = time.perf_counter()
        try:
            connection = Connection(self._registry.url, {"Authorization": f"Bearer {self._token}"})
            connection.socket.settimeout(_PROBE_TIMEOUT_SECONDS)
            status, body = connection.post_package(_PUBLISH_PATH, [package], len(package))
            connection.socket.close()
        except (OSError, ValueError) as error:
            self.failures.append(str(error) or type(error).__name__)
            return
        if status not in ACCEPTED:
            self.failures.append(f"{status}: {body.decode()[:200]}")
            return
        self.times.append(time.perf_counter() - started)
        self.paths.append(json.loads(body)["statusUrl"].removeprefix(self._registry.url))

    def report(self, mark: str) -> None:
        """Wait until all acknowledged packages are published, and print the numbers."""
        report(f"published meanwhile ({mark})", len(self.paths), "packages", minimum=1)
        report(f"not published ({mark})", len(self.failures), "packages", maximum=0)
        for reason in sorted(set(self.failures)):
            print(f"# {reason}", flush=True)
        if self.paths:
            report(f"publish: slowest acceptance ({mark})", max(self.times) * 1000, "ms")
            wait_until_published(self._registry.url, self._token, self.paths)


def publish_large_package(registry: Registry, token: str) -> None:
    """Publish the package that the slow readers download."""
    package = build_package(_NAME, "1.0.0", _PACKAGE_BYTES)
    connection = Connection(registry.url, {"Authorization": f"Bearer {token}"})
    status, body = connection.post_package(_PUBLISH_PATH, [package], len(package))
    if status not in ACCEPTED:
        raise SystemExit(f"{status}: {body.decode()}")
    path = json.loads(body)["statusUrl"].removeprefix(registry.url)
    wait_until_published(registry.url, token, [path])


def measure_memory_mb(registry: Registry) -> float:
    """Return the memory of all processes that serve requests, in MB."""
    processes = registry.list_serving_processes().values()
    return sum(process.memory_full_info().pss for process in processes) / MB


def run(registry: Registry, options: argparse.Namespace) -> None:
    """Measure the reads without slow clients, and with them."""
    registry.start()
    token = registry.create_token("bench")
    publish_large_package(registry, token)
    connections = f"{options.posts} slow POSTs, {options.readers} slow readers"
    for clients in (None, SlowClients(registry.url, token, options)):
        mark = f"{registry.database}, {connections if clients else 'no slow clients'}"
        memory_mb = measure_memory_mb(registry)
        if clients:
            clients.start()
        probes = [
            Probe("/healthz", "/healthz"),
            Probe("page", f"/plugins/{_NAME}"),
            Probe("API", _API_PATH),
            # No cache may answer it.
            Probe("API with a token", _API_PATH, {"Authorization": f"Bearer {token}"}),
        ]
        publisher = Publisher(registry, token)
        until = time.monotonic() + options.seconds
        threads = [
            threading.Thread(target=probe.run, args=(registry.url, until)) for probe in probes
        ]
        # Packages are published under slow clients only: there is no figure to compare with.
        threads += [threading.Thread(target=publisher.run, args=(until,))] if clients else []
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        growth_mb = measure_memory_mb(registry) - memory_mb
        for probe in probes:
            probe.report(mark)
        if clients:
            clients.stop()
            report(f"memory of all slow clients ({mark})", growth_mb, "MB")
            if options.readers:
                # At most: the slow POSTs have a share of it.
                each_mb = growth_mb / options.readers
                report(f"memory for each slow reader ({mark})", each_mb, "MB", maximum=1)
            report_recovery(registry, mark)
            publisher.report(mark)
            for (kind, event), count in sorted(clients.counts.items()):
                report(f"slow {kind}: {event} ({mark})", count, "connections")


def report_recovery(registry: Registry, mark: str) -> None:
    """Print the time until `/healthz` responds after the slow clients ended."""
    probe = Probe("/healthz", "/healthz")
    started = time.perf_counter()
    while not probe.statuses["200"] and time.perf_counter() - started < _RECOVERY_SECONDS:
        probe.run(registry.url, time.monotonic() + _PROBE_PAUSE_SECONDS)
    report(f"responds after the slow clients ended ({mark})", time.perf_counter() - started, "s")


def main() -> None:
    parser = build_parser(__doc__)
    parser.add_argument("--posts", type=int, default=500, help="slow POST connections")
    parser.add_argument("--readers", type=int, default=200, help="slow readers")
    parser.add_argument("--seconds", type=float, default=30, help="duration of each measurement")
    options = parser.parse_args()
    for database in list_databases(options.database):
        with create_registry(database) as registry:
            run(registry, options)


if __name__ == "__main__":
    main()
