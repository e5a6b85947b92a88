"""The HTTP transport: direct or through the proxies of the environment.

httpx reads the environment too, but without checks: a wrong value would end in an exception of the
library. So it always gets this transport, and `plugport.environment` is the only reader.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence

import httpcore
from socksio.exceptions import SOCKSError

from plugport.client.addresses import IPAddress, Resolver, resolve
from plugport.client.connections import Dialer, HeaderDeadline, build_pool, send_request
from plugport.client.destinations import Destinations
from plugport.client.errors import ProxyFailedError
from plugport.client.lean_httpx import httpx
from plugport.environment.certificates import build_ssl_context
from plugport.environment.proxies import Proxy, ProxySettings

_DEFAULT_PORTS = {"http": 80, "https": 443}
_AUTHENTICATION_REQUIRED = 407


class EnvironmentTransport(httpx.BaseTransport):
    """Sends each request directly or through its proxy.

    Certificates are loaded with the first https request: that takes as long as a request to a
    registry on the same network. Names are resolved here, and `destinations` decides on their
    addresses; a proxy resolves them itself, so for it only the names are checked.
    """

    def __init__(self, destinations: Destinations, *, resolver: Resolver = resolve) -> None:
        self._proxies = ProxySettings.load()
        self._destinations = destinations
        self._resolver = resolver
        self._deadline = HeaderDeadline()
        self._pools: dict[tuple[Proxy | None, bool], httpcore.ConnectionPool] = {}
        self._ssl_context: ssl.SSLContext | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises the errors of httpx, `InvalidVariableError`, and `ProxyFailedError` for a failure
        before the request reached its server.
        """
        url = request.url
        port = url.port or _DEFAULT_PORTS[url.scheme]
        proxy = self._proxies.find_proxy(url.scheme, url.host, port)
        pool = self._get_pool(proxy, is_encrypted=url.scheme == "https")
        self._deadline.restart()
        self._deadline.is_waiting = True
        try:
            if proxy is None:
                return send_request(pool, request)
            return _send_through_proxy(pool, request, proxy)
        finally:
            self._deadline.is_waiting = False

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def _get_pool(self, proxy: Proxy | None, *, is_encrypted: bool) -> httpcore.ConnectionPool:
        # A connection to an https proxy is encrypted whatever the URL's scheme.
        is_encrypted |= proxy is not None and proxy.scheme == "https"
        if is_encrypted and self._ssl_context is None:
            self._ssl_context = build_ssl_context()
        pool = self._pools.get((proxy, is_encrypted))
        if pool is None:
            context = self._ssl_context if is_encrypted else None
            # The user chose the proxy, wherever it is.
            select = self._resolver if proxy is not None else self._select_addresses
            pool = build_pool(proxy, context, Dialer(select, self._deadline))
            self._pools[proxy, is_encrypted] = pool
        return pool

    def _select_addresses(self, host: str, port: int) -> Sequence[IPAddress]:
        return self._destinations.select_addresses(host, port, self._resolver(host, port))


def _send_through_proxy(
    pool: httpcore.ConnectionPool, request: httpx.Request, proxy: Proxy
) -> httpx.Response:
    try:
        response = send_request(pool, request)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        # Through the tunnel of a proxy, TLS with the server itself can fail.
        if _has_cause(error, ssl.SSLError) and proxy.scheme != "https":
            raise
        raise _build_proxy_error(request, proxy, _format_reason(error)) from error
    except httpx.ProxyError as error:
        raise _build_proxy_error(request, proxy, str(error)) from error
    except (SOCKSError, AssertionError, ValueError) as error:
        # Raised for a handshake that is not SOCKS.
        raise _build_proxy_error(request, proxy, "its response is not valid") from error
    if response.status_code == _AUTHENTICATION_REQUIRED:
        response.close()
        raise _build_proxy_error(request, proxy, "407 Proxy Authentication Required")
    return response


def _build_proxy_error(request: httpx.Request, proxy: Proxy, reason: str) -> ProxyFailedError:
    host = request.url.netloc.decode()
    return ProxyFailedError(
        f"the proxy `{proxy}`, set by {proxy.variable}, did not connect to `{host}`: {reason}",
        hint=f"Correct or unset {proxy.variable}, or add `{request.url.host}` to NO_PROXY.",
        context={"variable": proxy.variable, "proxy": str(proxy)},
    )


def _format_reason(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no response in time"
    return str(error) or type(error).__name__


def is_certificate_error(error: BaseException) -> bool:
    """Whether the certificate of a server was not accepted."""
    return _has_cause(error, ssl.SSLCertVerificationError)


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
