"""A small HTTP load generator: a fixed number of keep-alive connections, one process each.

It implements just enough HTTP/1.1 to be much cheaper than the server it measures, so that on a
machine with two cores the figures are the server's.
"""

from __future__ import annotations

import multiprocessing
import secrets
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

# Statuses of an accepted package. 201: the checks have finished before the response.
ACCEPTED = (201, 202)
_BUFFER_BYTES = 1 << 20
_MAX_SECONDS = 600


@dataclass(frozen=True)
class LoadResult:
    """The results of a run: requests per second, and latencies in milliseconds."""

    requests_per_second: float
    p50_ms: float
    p95_ms: float
    max_ms: float
    failures: int


class Connection:
    """One keep-alive connection to a server on this machine."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        if parts.hostname not in ("127.0.0.1", "localhost"):
            raise SystemExit("load goes to this machine only")
        self.head = f"Host: {parts.hostname}:{parts.port}\r\n"
        self.head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray(_BUFFER_BYTES)

    def get(self, path: str) -> tuple[int, int]:
        """Send one GET; return the status and the length of the body, which is read and discarded."""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{self.head}\r\n".encode())
        status, left, body = self._read_head()
        length = left
        left -= len(body)
        while left > 0:
            got = self.socket.recv_into(self.buffer, min(left, _BUFFER_BYTES))
            if not got:
                raise ConnectionError("closed")
            left -= got
        return status, length

    def post_package(self, path: str, chunks: Iterable[bytes], size: int) -> tuple[int, bytes]:
        """Send a publish form with a package of `size` bytes; return the status and the body."""
        boundary = secrets.token_hex(16)
        start = (
            f"--{boundary}\r\nContent-Disposition: form-data; name=package; filename=p.tgz\r\n"
            "Content-Type: application/gzip\r\n\r\n"
        ).encode()
        end = f"\r\n--{boundary}--\r\n".encode()
        head = (
            f"POST {path} HTTP/1.1\r\n{self.head}"
            f"Content-Type: multipart/form-data; boundary={boundary}\r\n"
            f"Content-Length: {len(start) + size + len(end)}\r\n\r\n"
        ).encode()
        self.socket.sendall(head + start)
        for chunk in chunks:
            self.socket.sendall(chunk)
        self.socket.sendall(end)
        status, length, body = self._read_head()
        while len(body) < length:
            chunk = self.socket.recv(_BUFFER_BYTES)
            if not chunk:
                raise ConnectionError("closed")
            body += chunk
        return status, body

    def _read_head(self) -> tuple[int, int, bytes]:
        """Return the status, the length of the body, and the part of the body already received."""
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = self.socket.recv(_BUFFER_BYTES)
            if not chunk:
                raise ConnectionError("closed")
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return int(head[9:12]), int(length), body


def _run_client(url: str, paths: Sequence[str], count: int, out: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    connection = Connection(url)
    times, failures = [], 0
    for number in range(count):
        started = time.perf_counter()
        status, _ = connection.get(paths[number % len(paths)])
        times.append(time.perf_counter() - started)
        failures += status != 200
    out.put((times, failures))


def measure(
    url: str, paths: Sequence[str], *, connections: int = 4, count: int = 500
) -> LoadResult:
    """Measure `connections` processes that send `count` requests each, cycling through `paths`.

    Each path is requested once before by the same number of connections, so that every process of
    the server has filled its caches.
    """
    for _ in range(connections):
        warm = Connection(url)
        for path in paths[:20]:
            warm.get(path)
    out: multiprocessing.Queue = multiprocessing.Queue()  # type: ignore[type-arg]
    workers = [
        multiprocessing.Process(
            target=_run_client, args=(url, [*paths[start:], *paths[:start]], count, out)
        )
        for start in range(0, len(paths), max(1, len(paths) // connections))
    ][:connections]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    results = [out.get(timeout=_MAX_SECONDS) for _ in workers]
    seconds = time.perf_counter() - started
    for worker in workers:
        worker.join()
    times = [t for part, _ in results for t in part]
    return summarize(times, seconds, sum(failures for _, failures in results))


def summarize(times: Sequence[float], seconds: float, failures: int) -> LoadResult:
    """Summarize requests from their durations and the total time, all in seconds."""
    ordered = sorted(times)
    return LoadResult(
        len(ordered) / seconds,
        ordered[len(ordered) // 2] * 1000,
        ordered[int(len(ordered) * 0.95)] * 1000,
        ordered[-1] * 1000,
        failures,
    )
