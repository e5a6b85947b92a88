"""httpx over connection pools of httpcore, which let us choose how connections are made."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpcore

from plugport.client.addresses import IPAddress
from plugport.client.lean_httpx import httpx
from plugport.environment.proxies import Proxy

# The handshake with a SOCKS proxy has no timeout in httpcore; a proxy could block it forever.
_DEFAULT_SECONDS = 30.0
# For all headers of a response together. Each read has a timeout of its own, which a server that
# sends one byte a minute never exceeds.
HEADER_SECONDS = 120.0
# Of one host that is down, try a few addresses; each attempt may use up its timeout.
_MAX_ADDRESSES = 4

# Host and port to the addresses to connect to. Raises `OSError`, `ForeignHostError`.
AddressSelector = Callable[[str, int], Sequence[IPAddress]]


class HeaderDeadline:
    """The end of the time for the headers of a response, from the first read after a write."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_waiting = False
        self._clock = clock
        self._until: float | None = None

    def restart(self) -> None:
        """Start with the next read: sending a large package may take longer."""
        self._until = None

    def limit(self, timeout: float) -> float:
        """The seconds for the next read. Raises `httpcore.ReadTimeout` if there are none."""
        if not self.is_waiting:
            return timeout
        if self._until is None:
            self._until = self._clock() + HEADER_SECONDS
        remaining = self._until - self._clock()
        if remaining <= 0:
            raise httpcore.ReadTimeout
        return min(timeout, remaining)


class TimedStream(httpcore.NetworkStream):
    """A stream without endless operations."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: HeaderDeadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.limit(timeout or _DEFAULT_SECONDS))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._deadline.restart()
        self._stream.write(buffer, timeout or _DEFAULT_SECONDS)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, timeout or _DEFAULT_SECONDS)
        return TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class Dialer(httpcore.NetworkBackend):
    """Connects to the addresses that `select` returns for a host, not to its name."""

    def __init__(self, select: AddressSelector, deadline: HeaderDeadline) -> None:
        self._select = select
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._select(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses[:_MAX_ADDRESSES]:
            try:
                stream = self._backend.connect_tcp(
                    str(address), port, timeout or _DEFAULT_SECONDS, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return TimedStream(stream, self._deadline)
        raise failure


def build_pool(
    proxy: Proxy | None, ssl_context: ssl.SSLContext | None, backend: httpcore.NetworkBackend
) -> httpcore.ConnectionPool:
    """A pool of connections, direct or through a proxy."""
    if proxy is None:
        return httpcore.ConnectionPool(ssl_context=ssl_context, network_backend=backend)
    url = httpcore.URL(
        scheme=proxy.scheme.encode(), host=proxy.host.encode(), port=proxy.port, target=b"/"
    )
    credentials = None
    if proxy.credentials is not None:
        name, password = proxy.credentials
        credentials = (name.encode(), password.encode())
    kind = httpcore.SOCKSProxy if proxy.scheme.startswith("socks") else httpcore.HTTPProxy
    return kind(
        proxy_url=url, proxy_auth=credentials, ssl_context=ssl_context, network_backend=backend
    )


def send_request(pool: httpcore.ConnectionPool, request: httpx.Request) -> httpx.Response:
    """Send a request. Raises the errors of httpx, whose body stream raises them too."""
    assert isinstance(request.stream, httpx.SyncByteStream)
    url = request.url
    core_request = httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        ),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )
    with _translate_errors():
        response = pool.handle_request(core_request)
    return httpx.Response(
        response.status,
        headers=response.headers,
        stream=_ResponseStream(response),
        extensions=response.extensions,
    )


class _ResponseStream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _translate_errors():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


_CORE_ERRORS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except (*_CORE_ERRORS, httpcore.ProxyError, httpcore.UnsupportedProtocol) as error:
        # Both libraries have the same names for them.
        raise getattr(httpx, type(error).__name__)(str(error)) from error
