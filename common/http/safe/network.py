"""Connections to checked addresses only, which end by a deadline.

A host name is resolved once, all of its addresses are checked, and the connection is made to one
of them. There is no second lookup that could return another address (DNS rebinding, a
time-of-check to time-of-use race, CWE-367). TLS still verifies the certificate for the name,
because only the dialed address is replaced.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpcore
import httpx
from django.conf import settings

from common.http.private_hosts import NO_PRIVATE_HOSTS, PrivateHosts
from common.http.safe.addresses import IPAddress, is_public
from common.http.safe.errors import FetchFailedError, FetchRefusedError
from common.http.safe.resolver import Resolver
from common.once import built_once

# One server that is down should not fail the fetch, but each attempt may use up the time.
_MAX_ADDRESSES = 3


class Deadline:
    """The end of the time that one fetch may take, redirects included."""

    def __init__(self, seconds: float) -> None:
        # Monotonic: setting the clock must not extend a fetch.
        self._until = time.monotonic() + seconds

    def get_remaining_seconds(self) -> float:
        """The seconds left. Raises `FetchFailedError` if there are none."""
        remaining = self._until - time.monotonic()
        if remaining <= 0:
            raise FetchFailedError("The server took too long.")
        return remaining


class _TimedStream(httpcore.NetworkStream):
    """A stream whose operations all end by the deadline.

    A time-out per read is not enough: a server that sends one byte a second never exceeds it.
    """

    def __init__(
        self,
        stream: httpcore.NetworkStream,
        deadline: Deadline,
        private_context: ssl.SSLContext | None = None,
    ) -> None:
        self._stream = stream
        self._deadline = deadline
        self._private_context = private_context

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.get_remaining_seconds())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.get_remaining_seconds())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(
            self._private_context or ssl_context,
            server_hostname,
            self._deadline.get_remaining_seconds(),
        )
        return _TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves a host, checks all of its addresses, and connects to a checked one."""

    def __init__(
        self,
        resolver: Resolver,
        deadline: Deadline,
        *,
        allow_loopback: bool,
        private_hosts: PrivateHosts = NO_PRIVATE_HOSTS,
        dialer: httpcore.NetworkBackend | None = None,
    ) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._allow_loopback = allow_loopback
        self._private_hosts = private_hosts
        self._dialer = dialer or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the host's addresses.

        Raises `FetchRefusedError` if any of them is not public: a name with both public and
        private addresses is an attack. Raises `FetchFailedError` if none of them responds.
        """
        addresses = self._resolver(host, port, self._deadline.get_remaining_seconds())
        # All are checked before the first is dialed: otherwise an attacker could list a public address
        # that does not respond before a private one.
        self._check_addresses(host, addresses)
        for address in addresses[:_MAX_ADDRESSES]:
            try:
                remaining = self._deadline.get_remaining_seconds()
                stream = self._dialer.connect_tcp(str(address), port, remaining)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            # Only there: an authority of the company must not vouch for public hosts.
            context = None if is_public(address) else _get_private_ssl_context(settings.CA_BUNDLE)
            return _TimedStream(stream, self._deadline, context)
        raise FetchFailedError("The server cannot be reached.")

    def _check_addresses(self, host: str, addresses: Sequence[IPAddress]) -> None:
        for address in addresses:
            if not (
                is_public(address)
                or (self._allow_loopback and address.is_loopback)
                or self._private_hosts.allows_address(host, address)
            ):
                raise FetchRefusedError("The host has an address that is not public.")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        raise FetchRefusedError("Unix sockets are not allowed.")


@built_once
def _get_ssl_context() -> ssl.SSLContext:
    """A context that verifies certificates and host names. Cached: loading the roots takes 10 ms."""
    return httpx.create_ssl_context(trust_env=False)


@built_once
def _get_private_ssl_context(ca_bundle: str) -> ssl.SSLContext:
    """The same for private hosts, which also trusts the authorities of the file (`CA_BUNDLE`).

    Raises `FetchFailedError` if the file has no certificates.
    """
    context = httpx.create_ssl_context(trust_env=False)
    if ca_bundle:
        try:
            context.load_verify_locations(cafile=ca_bundle)
        # `ssl.SSLError`, an `OSError`, for a file without certificates.
        except OSError:
            raise FetchFailedError("PLUGPORT_CA_BUNDLE has no certificates.") from None
    return context


class _ResponseStream(httpx.SyncByteStream):
    """The body of a response, as it arrives."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class CheckedTransport(httpx.BaseTransport):
    """httpx over a `CheckedBackend`, with a new connection for each request.

    Use it as `httpx.Client(transport=CheckedTransport(...), trust_env=False)`. An explicit
    transport also rules out proxies from the environment, which would resolve the name again.
    """

    def __init__(self, backend: CheckedBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_get_ssl_context(),
            network_backend=backend,
            # A connection that is kept would outlive the deadline it was opened with.
            max_keepalive_connections=0,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request. Raises `FetchFailedError` and `FetchRefusedError`."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        core_request = httpcore.Request(
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
        response = self._pool.handle_request(core_request)
        return httpx.Response(
            response.status, headers=response.headers, stream=_ResponseStream(response)
        )

    def close(self) -> None:
        self._pool.close()
