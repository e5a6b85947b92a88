"""A small HTTP load generator: keep-alive connections, one thread each, bounded in count.

It speaks just enough HTTP/1.1 to be much cheaper than the server it measures, so that on a
machine with two cores the figures are the server's.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Figures:
    """What a run measured: requests a second, and latencies in milliseconds."""

    requests_per_second: float
    p50_ms: float
    p95_ms: float
    failures: int


class Connection:
    """One keep-alive connection to a server on this machine."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.hostname not in ("127.0.0.1", "localhost"):
            raise SystemExit("load goes to this machine only")
        self.host = f"{parts.hostname}:{parts.port}"
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, int]:
        """Send one GET; returns the status and the length of the body, which is read and dropped."""
        extra = "".join(f"{k}: {v}\r\n" for k, v in (headers or {}).items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n{extra}\r\n".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = self.socket.recv(1 << 20)
            if not chunk:
                raise ConnectionError("closed")
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        status = int(head[9:12])
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        left = length - len(body)
        buffer = bytearray(1 << 20)
        while left > 0:
            got = self.socket.recv_into(buffer, min(left, 1 << 20))
            if not got:
                raise ConnectionError("closed")
            left -= got
        return status, length


def _run(url: str, paths: Sequence[str], count: int, out: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    connection = Connection(url)
    times, failures = [], 0
    for number in range(count):
        started = time.perf_counter()
        status, _ = connection.get(paths[number % len(paths)])
        times.append(time.perf_counter() - started)
        failures += status != 200
    out.put((times, failures))


def measure(url: str, paths: Sequence[str], *, connections: int = 4, count: int = 500) -> Figures:
    """`connections` processes send `count` requests each, walking over `paths`."""
    warm = Connection(url)
    for path in paths[:20]:
        warm.get(path)
    out: multiprocessing.Queue = multiprocessing.Queue()  # type: ignore[type-arg]
    workers = [
        multiprocessing.Process(target=_run, args=(url, paths, count, out))
        for _ in range(connections)
    ]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    results = [out.get(timeout=120) for _ in workers]
    seconds = time.perf_counter() - started
    for worker in workers:
        worker.join()
    times = sorted(t for part, _ in results for t in part)
    return Figures(
        len(times) / seconds,
        times[len(times) // 2] * 1000,
        times[int(len(times) * 0.95)] * 1000,
        sum(failures for _, failures in results),
    )
