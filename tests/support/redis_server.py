"""A Redis server of its own for a test."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import redis

from tests.support.server import find_free_port, wait_until


@contextlib.contextmanager
def run_redis_server(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], redis.Redis]]:
    """Give the process and a client. Raises `FileNotFoundError` without the program.

    The process may be stopped (SIGSTOP) during the test.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise FileNotFoundError("redis-server")
    port = find_free_port()
    command = [program, "--port", str(port), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port, decode_responses=True)
    try:
        wait_until(lambda: _is_ready(client))
        yield process, client
    finally:
        client.close()
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait()


def _is_ready(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
