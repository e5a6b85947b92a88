"""`/healthz` and `/readyz`, served by the event loop however busy Django is."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

from common.http.problems import RETRY_SECONDS
from gateway.encodings import Headers
from gateway.upstream import Upstream, UpstreamError

INTERVAL_SECONDS = 5.0
# After a failure or a start, so that a recovery is seen soon.
RETRY_INTERVAL_SECONDS = 0.25
# Django limits its own calls of services to less.
_RESPONSE_SECONDS = 2.0
_READING, _PUBLISHING = "reading", "publishing"
_NOT_RESPONDING = {
    "status": "not ready",
    "missing": ["web"],
    "parts": {"web": "missing"},
    "publishing": "unavailable",
}
_ALIVE = b'{"status": "alive"}'


class Readiness:
    """The last response to Django's `/readyz`, fetched again every five seconds."""

    def __init__(self, upstream: Upstream, host: str) -> None:
        self._upstream = upstream
        self._headers = [("Host", host), ("Accept", "application/json")]
        self._document: dict[str, Any] = _NOT_RESPONDING

    async def run(self) -> None:
        """Fetch until canceled."""
        while True:
            self._document = await self._fetch()
            is_ready = self._document.get("status") == "ready"
            await asyncio.sleep(INTERVAL_SECONDS if is_ready else RETRY_INTERVAL_SECONDS)

    async def _fetch(self) -> dict[str, Any]:
        try:
            async with (
                asyncio.timeout(_RESPONSE_SECONDS),
                self._upstream.send("GET", "/readyz", self._headers, None) as response,
            ):
                content = b"".join([piece async for piece in response.iter_pieces()])
            document: dict[str, Any] = json.loads(content)
        except (UpstreamError, TimeoutError, ValueError):
            return _NOT_RESPONDING
        return document if "parts" in document else _NOT_RESPONDING

    def respond(self, query: str) -> tuple[int, Headers, bytes]:
        """Status, headers and body of `/readyz`."""
        purpose = parse_qs(query).get("for", [_READING])[-1]
        if purpose not in (_READING, _PUBLISHING):
            detail = f"`for` is {purpose[:50]!r}. Allowed: `{_READING}`, `{_PUBLISHING}`."
            return _build(400, {"status": "invalid", "detail": detail})
        document = dict(self._document)
        if purpose == _PUBLISHING and document["publishing"] != "ok":
            document["status"] = "not ready"
        return _build(200 if document["status"] == "ready" else 503, document)


def respond_liveness() -> tuple[int, Headers, bytes]:
    """Status, headers and body of `/healthz`."""
    return 200, _build_headers(_ALIVE), _ALIVE


def _build(status: int, document: dict[str, Any]) -> tuple[int, Headers, bytes]:
    body = json.dumps(document).encode()
    headers = _build_headers(body)
    if status == 503:
        headers.append((b"retry-after", b"%d" % RETRY_SECONDS))
    return status, headers, body


def _build_headers(body: bytes) -> Headers:
    return [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", b"%d" % len(body)),
    ]
