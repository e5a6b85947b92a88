"""Finding the addresses of a name within a time that the caller sets."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence

from registry.fetching.addresses import IPAddress
from registry.fetching.errors import FetchFailedError

# Takes a host, a port and seconds; raises `FetchFailedError`.
Resolver = Callable[[str, int, float], Sequence[IPAddress]]

# The system's resolver cannot be told when to give up: each question has a thread, and these many
# may wait for an answer that never comes.
_MAX_ASKING = 16
_seats = threading.BoundedSemaphore(_MAX_ASKING)


def resolve(host: str, port: int, seconds: float) -> Sequence[IPAddress]:
    """The addresses that the system's resolver gives for the host. Raises `FetchFailedError`."""
    if not _seats.acquire(timeout=max(0.0, seconds)):
        raise FetchFailedError("Too many names are being looked up.")
    question = _Question(host, port)
    threading.Thread(target=question.ask, name="resolve", daemon=True).start()
    if not question.is_answered.wait(seconds):
        raise FetchFailedError("The name was not found in time.")
    if not question.found:
        raise FetchFailedError("The name has no address.")
    return question.found


class _Question:
    """One look-up, in a thread that may outlive whoever asked."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.found: list[IPAddress] = []
        self.is_answered = threading.Event()

    def ask(self) -> None:
        try:
            self.found = _look_up(self._host, self._port)
        finally:
            _seats.release()
            self.is_answered.set()


def _look_up(host: str, port: int) -> list[IPAddress]:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(ipaddress.ip_address(row[4][0]) for row in rows))
    except (OSError, ValueError):  # UnicodeError, a ValueError, is a name that cannot be encoded
        return []
