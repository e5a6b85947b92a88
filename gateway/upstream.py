"""Pass requests on to Django over a Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from common.gateway_protocol import INTERNAL_HEADERS, LENGTH_HEADER
from gateway.bodies import Body
from gateway.encodings import Headers

# A host for the URL; the socket decides where the request goes.
_ORIGIN = "http://localhost"
# While the web server restarts, new requests wait that long for it.
CONNECT_SECONDS = 15.0
_RETRY_SECONDS = 0.05
# An upload may wait a minute for its checks.
_RESPONSE_SECONDS = 100.0
_MAX_CONNECTIONS = 128
# A request waits that long for one of them while Django has too much to do.
_TURN_SECONDS = 30.0
# Methods that may be sent again after the connection broke (RFC 9110, section 9.2.2).
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})
# RFC 9110, section 7.6.1.
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_INTERNAL = frozenset(name.lower().encode() for name in INTERNAL_HEADERS)


class UpstreamError(Exception):
    """Django did not respond. It may have received the request."""


class UpstreamResponse:
    """The head of a response of Django; its body is read by the caller, who closes it."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Headers = []
        self.internal: dict[bytes, str] = {}
        dropped = _list_dropped(response.raw_headers)
        for name, value in response.raw_headers:
            lowered = name.lower()
            if lowered in _INTERNAL:
                self.internal[lowered] = value.decode("latin-1")
            elif lowered not in dropped:
                self.headers.append((lowered, value))
        if length := self.internal.get(LENGTH_HEADER.lower().encode()):
            kept = [pair for pair in self.headers if pair[0] != b"content-length"]
            self.headers = [*kept, (b"content-length", length.encode("ascii"))]

    async def iter_pieces(self) -> AsyncIterator[bytes]:
        """The body. Raises `UpstreamError` if it ends early."""
        try:
            async for piece in self._response.content.iter_any():
                yield piece
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UpstreamError(repr(error)) from error

    def close(self) -> None:
        """Return the connection if the body was read, else close it."""
        self._response.release() if self._response.content.at_eof() else self._response.close()


class Upstream:
    """Connections to Django. Create it in a running event loop, and close it."""

    def __init__(self, socket: str) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(socket, limit=_MAX_CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            timeout=aiohttp.ClientTimeout(
                total=None, connect=_TURN_SECONDS, sock_read=_RESPONSE_SECONDS
            ),
            max_line_size=64 << 10,
            max_field_size=64 << 10,
            read_bufsize=256 << 10,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    @contextlib.asynccontextmanager
    async def send(
        self, method: str, target: str, headers: Sequence[tuple[str, str]], body: Body | None
    ) -> AsyncIterator[UpstreamResponse]:
        """Send a request and give the head of the response. Raises `UpstreamError`.

        `target` is the path with the query, as the client sent it.
        """
        response = UpstreamResponse(await self._request(method, target, headers, body))
        try:
            yield response
        finally:
            response.close()

    async def _request(
        self, method: str, target: str, headers: Sequence[tuple[str, str]], body: Body | None
    ) -> aiohttp.ClientResponse:
        until = float("inf")
        while True:
            try:
                return await self._session.request(
                    method,
                    URL(_ORIGIN + target, encoded=True),
                    headers=CIMultiDict(headers),
                    data=body.iter_pieces() if body is not None and body.size_bytes else None,
                    allow_redirects=False,
                )
            except (
                aiohttp.ClientConnectorError,
                ConnectionRefusedError,
                FileNotFoundError,
            ) as error:
                # Nothing was sent.
                until = min(until, time.monotonic() + CONNECT_SECONDS)
                if time.monotonic() >= until:
                    raise UpstreamError(repr(error)) from error
            except aiohttp.ClientConnectionError as error:
                until = min(until, time.monotonic() + CONNECT_SECONDS)
                if method not in _REPEATABLE or time.monotonic() >= until:
                    raise UpstreamError(repr(error)) from error
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise UpstreamError(repr(error)) from error
            await asyncio.sleep(_RETRY_SECONDS)

    async def post_json(self, host: str, path: str, document: dict[str, Any]) -> int:
        """Send a document once and return the status. Raises `UpstreamError`.

        The document stays in memory, so that a full disk cannot prevent it.
        """
        content = json.dumps(document, ensure_ascii=False).encode()
        try:
            async with self._session.post(
                URL(_ORIGIN + path, encoded=True),
                headers=CIMultiDict({"Host": host, "Content-Type": "application/json"}),
                data=content,
                allow_redirects=False,
            ) as response:
                return response.status
        except (
            aiohttp.ClientConnectorError,
            ConnectionRefusedError,
            FileNotFoundError,
        ) as error:
            raise UpstreamError(repr(error)) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UpstreamError(repr(error)) from error


def select_request_headers(
    headers: Headers, extra: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The headers to pass on: without those of the connection and of the protocol with Django.

    Names with underscores are dropped too: WSGI cannot tell `X_Forwarded_For` from
    `X-Forwarded-For`.
    """
    dropped = _list_dropped(headers)
    replaced = {name.lower().encode() for name, _ in extra}
    kept = [
        (name.decode("latin-1"), value.decode("utf-8", "replace"))
        for name, value in headers
        if name not in dropped
        and name not in _INTERNAL
        and name not in replaced
        and b"_" not in name
    ]
    return [*kept, *extra]


def _list_dropped(headers: Sequence[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """The headers that belong to one connection: the standard ones, and those it names."""
    named = {
        part.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for part in value.split(b",")
    }
    # A client must not remove what proxies have set, nor what selects the site, by naming it.
    return _HOP_BY_HOP | {n for n in named if not n.startswith(b"x-") and n != b"host"}
