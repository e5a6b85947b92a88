"""The network itself, opened piece by piece.

Loading the trusted certificates takes as long as a whole request to a registry nearby, and http
needs none of them.
"""

from __future__ import annotations

import ssl
from urllib.request import getproxies

import httpx


def make_transport() -> httpx.BaseTransport | None:
    """A transport for direct connections; None where the environment names proxies.

    Proxies are httpx's own business then (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY).
    """
    return None if getproxies() else LazyTransport()


class LazyTransport(httpx.BaseTransport):
    """Loads the certificates with the first https request, if there is one."""

    def __init__(self) -> None:
        # Trusts nobody: should TLS ever be asked of it, it fails closed.
        self._plain = httpx.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._tls: httpx.HTTPTransport | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request by the transport of its scheme."""
        if request.url.scheme == "http":
            return self._plain.handle_request(request)
        # Most runs talk to one registry; those over http never come here.
        if self._tls is None:
            self._tls = httpx.HTTPTransport()
        return self._tls.handle_request(request)

    def close(self) -> None:
        """Close the connections of both."""
        self._plain.close()
        if self._tls is not None:
            self._tls.close()
