"""The HTTP transport.

It loads the trusted certificates only for https. Loading them takes as long as a request to a
registry on the same network.
"""

from __future__ import annotations

import ssl
from urllib.request import getproxies

import httpx


def build_transport() -> httpx.BaseTransport | None:
    """Return a transport for direct connections, or None if the environment sets proxies.

    With None httpx builds its own transport, which handles HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and
    NO_PROXY.
    """
    return None if getproxies() else LazyTransport()


class LazyTransport(httpx.BaseTransport):
    """Loads the certificates with the first https request."""

    def __init__(self) -> None:
        # This context has no trusted certificates: used for TLS by mistake, it refuses every server.
        self._plain = httpx.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._tls: httpx.HTTPTransport | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request with the transport for its scheme."""
        if request.url.scheme == "http":
            return self._plain.handle_request(request)
        if self._tls is None:
            self._tls = httpx.HTTPTransport()
        return self._tls.handle_request(request)

    def close(self) -> None:
        self._plain.close()
        if self._tls is not None:
            self._tls.close()
