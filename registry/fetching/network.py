"""Connections that lead where they were checked to lead, and end on time.

The name is resolved once, every address it has is looked at, and the connection is made to one of
these addresses: there is no second look-up that could give another answer. TLS still asks for the
certificate of the name, since only the address that is dialled is replaced.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import httpcore
import httpx

from registry.fetching.addresses import IPAddress, is_public
from registry.fetching.errors import FetchFailedError, FetchRefusedError
from registry.fetching.resolving import Resolver

_MAX_TRIED = 3


class Deadline:
    """The moment at which everything of one fetch is over."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def get_left(self) -> float:
        """The seconds left. Raises `FetchFailedError` when there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise FetchFailedError("It took too long.")
        return left


class _TimedStream(httpcore.NetworkStream):
    """A stream of which every operation ends by the deadline, however slowly bytes come."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.get_left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.get_left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, self._deadline.get_left())
        return _TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves, checks every address, and dials the checked ones."""

    def __init__(
        self,
        resolver: Resolver,
        deadline: Deadline,
        *,
        allow_loopback: bool,
        dialler: httpcore.NetworkBackend | None = None,
    ) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._allow_loopback = allow_loopback
        self._dialler = dialler or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the host's addresses.

        Raises `FetchRefusedError` if any of them is not public: a name that leads to both is
        made to lead astray. Raises `FetchFailedError`.
        """
        addresses = self._resolver(host, port, self._deadline.get_left())
        self._check(addresses)
        for address in addresses[:_MAX_TRIED]:
            try:
                left = self._deadline.get_left()
                stream = self._dialler.connect_tcp(str(address), port, left)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            return _TimedStream(stream, self._deadline)
        raise FetchFailedError("Nobody answers at the address.")

    def _check(self, addresses: Sequence[IPAddress]) -> None:
        for address in addresses:
            if not (is_public(address) or (self._allow_loopback and address.is_loopback)):
                raise FetchRefusedError("The name leads to an address that is not public.")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        raise FetchRefusedError("Sockets of this machine are not asked.")


@cache
def _get_ssl_context() -> ssl.SSLContext:
    """Certificates and names are checked. Made once: reading the roots takes 10 ms and more."""
    return httpx.create_ssl_context(trust_env=False)


class _Body(httpx.SyncByteStream):
    """The bytes of an answer as they come."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class CheckedTransport(httpx.BaseTransport):
    """httpx over a `CheckedBackend`: one connection a request, none kept.

    `httpx.Client(transport=CheckedTransport(...), trust_env=False)` is a client of strangers.
    A transport that is given leaves no room for the proxies of the environment.
    """

    def __init__(self, backend: CheckedBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_get_ssl_context(),
            network_backend=backend,
            max_keepalive_connections=0,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it. Raises `FetchFailedError` and `FetchRefusedError`."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
        )
        response = self._pool.handle_request(asked)
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def close(self) -> None:
        self._pool.close()
