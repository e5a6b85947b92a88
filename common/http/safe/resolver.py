"""Resolve a host name with a time-out."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence

from common.http.safe.addresses import IPAddress
from common.http.safe.errors import FetchFailedError

# Host, port and seconds to addresses; raises `FetchFailedError`.
Resolver = Callable[[str, int, float], Sequence[IPAddress]]

# `getaddrinfo` has no time-out, so each lookup runs in a thread that may outlive its caller. This
# limits how many threads can hang at the same time.
_MAX_LOOKUPS = 16
_lookup_slots = threading.BoundedSemaphore(_MAX_LOOKUPS)


def resolve(host: str, port: int, seconds: float) -> Sequence[IPAddress]:
    """The addresses that the system's resolver returns for the host. Raises `FetchFailedError`."""
    if not _lookup_slots.acquire(timeout=max(0.0, seconds)):
        raise FetchFailedError("Too many lookups are in progress.")
    lookup = _Lookup(host, port)
    # A daemon thread, so that a lookup that hangs does not keep the process alive.
    threading.Thread(target=lookup.run, name="resolve", daemon=True).start()
    if not lookup.is_finished.wait(seconds):
        raise FetchFailedError("The host name was not resolved in time.")
    if not lookup.addresses:
        raise FetchFailedError("The host name has no address.")
    return lookup.addresses


class _Lookup:
    """One lookup and its result."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.addresses: list[IPAddress] = []
        self.is_finished = threading.Event()

    def run(self) -> None:
        try:
            self.addresses = _resolve_addresses(self._host, self._port)
        finally:
            # Here and not in `resolve`: a lookup whose caller gave up still occupies a thread.
            _lookup_slots.release()
            self.is_finished.set()


def _resolve_addresses(host: str, port: int) -> list[IPAddress]:
    try:
        # Without a socket type, each address is returned once per type.
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(ipaddress.ip_address(row[4][0]) for row in rows))
    except (OSError, ValueError):  # UnicodeError, a ValueError: a name that IDNA cannot encode
        return []
