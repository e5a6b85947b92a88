"""Read a response of Django completely, and decide whether it is stored."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from common.gateway_protocol import (
    BYTES_HEADER,
    CACHE_ALL,
    CACHE_HEADER,
    CACHE_PLUGIN_PREFIX,
    FETCH_HEADER,
    FILE_HEADER,
    LENGTH_HEADER,
    MAX_CACHE_SECONDS,
    QUERY_HEADER,
    RECORD_HEADER,
)
from gateway.bodies import Body
from gateway.encodings import GZIP, Headers, choose_encoding, compress_all, compress_secret
from gateway.entries import Entry, matches_etag, select_not_modified
from gateway.request import GatewayRequest
from gateway.transfers import open_file
from gateway.upstream import UpstreamResponse

# Larger responses are not stored.
_MAX_STORED_BYTES = 2 << 20
# Packages up to this size are kept in memory with their response, larger ones are read from disk.
_MAX_STORED_FILE_BYTES = 256 << 10
# What each response gets anew, or what depends on the client.
_NOT_STORED = frozenset({b"date", b"server", b"x-request-id", b"content-length", b"set-cookie"})
_VARY_IGNORED = frozenset({b"", b"accept-encoding", b"cookie", b"authorization"})
# As many as Django's own compression adds.
_MAX_PADDING_BYTES = 100
_DROPPED = frozenset({b"date", b"server"})


@dataclass(slots=True)
class CompleteResponse:
    """A response whose connection to Django is free again: however slow the client is, it holds none.

    The content is in `body`, or in the local file `path`, or at `url`; `part` is `START-STOP` of those.
    """

    status: int
    headers: Headers
    body: Body | None = None
    path: str = ""
    url: str = ""
    part: str = ""

    @property
    def is_on_disk(self) -> bool:
        """Whether the body is in a file of the gateway."""
        return self.body is not None and not self.body.is_in_memory

    def close(self) -> None:
        """Delete the body."""
        if self.body is not None:
            self.body.close()


@dataclass(frozen=True, slots=True)
class Stored:
    """A response that was stored, with its `RateLimit` headers, which are for this request only."""

    entry: Entry
    counted: Headers


async def read_response(
    request: GatewayRequest, response: UpstreamResponse, scratch: str
) -> CompleteResponse:
    """Read a response that is not stored. The caller closes it."""
    headers = [pair for pair in response.headers if pair[0] not in _DROPPED]
    if _is_not_modified(request, response):
        return CompleteResponse(304, select_not_modified(headers))
    path, url = _get_internal(response, FILE_HEADER), _get_internal(response, FETCH_HEADER)
    if path or url:
        part = _get_internal(response, BYTES_HEADER)
        return CompleteResponse(response.status, headers, path=path, url=url, part=part)
    body = Body()
    try:
        async for piece in response.iter_pieces():
            await body.append(piece, scratch)
    except BaseException:
        body.close()
        raise
    if request.method == "GET" and request.is_cacheable() and body.is_in_memory:
        await _compress(request, headers, body, scratch)
    if body.size_bytes:
        # Clients see by it that a response is not complete.
        headers = [pair for pair in headers if pair[0] != b"content-length"]
        headers.append((b"content-length", b"%d" % body.size_bytes))
    return CompleteResponse(response.status, headers, body)


async def _compress(request: GatewayRequest, headers: Headers, body: Body, scratch: str) -> None:
    """Compress a response in place if the client accepts it and Django, asked for none, did not."""
    accepted = request.headers.get(b"accept-encoding", b"")
    is_encoded = any(name == b"content-encoding" for name, _ in headers)
    if is_encoded or choose_encoding(accepted, (GZIP,)) != GZIP:
        return
    content = b"".join([piece async for piece in body.iter_pieces()])
    message = await compress_secret(headers, content, secrets.randbelow(_MAX_PADDING_BYTES))
    if message is not None:
        headers[:] = message.headers
        body.close()
        body.size_bytes = 0
        await body.append(message.body, scratch)


def is_storable(request: GatewayRequest, response: UpstreamResponse) -> bool:
    """Whether Django allows the response to be stored for this request."""
    if request.method != "GET" or response.status != 200:
        return False
    if not _get_internal(response, CACHE_HEADER):
        return False
    names = {name for name, _ in response.headers}
    if b"set-cookie" in names or parse_vary(response.headers) is None:
        return False
    known = set(_get_internal(response, QUERY_HEADER).split(","))
    pairs = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
    given = [name for name, _ in pairs]
    return len(set(given)) == len(given) and set(given) <= known


async def build_entry(response: UpstreamResponse, change_number: int) -> Entry | None:
    """The entry for a response that may be stored; None, with its body unread, if it is too large."""
    dependency = _get_internal(response, CACHE_HEADER)
    plugin = ""
    if dependency.startswith(CACHE_PLUGIN_PREFIX):
        plugin = unquote(dependency.removeprefix(CACHE_PLUGIN_PREFIX))
    elif dependency != CACHE_ALL:
        return None
    if _get_internal(response, FETCH_HEADER) or _get_internal(response, BYTES_HEADER):
        return None
    record = _get_internal(response, RECORD_HEADER)
    path, body = _get_internal(response, FILE_HEADER), b""
    is_package = bool(path) or any(name == b"x-accel-redirect" for name, _ in response.headers)
    length = _find_length(response)
    if path:
        if length <= _MAX_STORED_FILE_BYTES:
            file = await open_file(path, "")
            try:
                path, body = "", await file.read()
            finally:
                file.close()
    elif not 0 <= length <= _MAX_STORED_BYTES:
        return None
    else:
        body = b"".join([piece async for piece in response.iter_pieces()])
    limits = select_limits(response.headers)
    headers = [
        pair for pair in response.headers if pair[0] not in _NOT_STORED and pair not in limits
    ]
    now = time.monotonic()
    return Entry(
        headers=headers,
        body=body,
        compressed=await compress_all(headers, body),
        change_number=change_number,
        stored_at=now,
        expires_at=now + MAX_CACHE_SECONDS,
        plugin=plugin,
        record=record,
        # A search took place also if the visitor has its results; a download did not.
        counts_not_modified=bool(record) and not is_package,
        file_path=path,
        file_bytes=max(0, length),
    )


def select_limits(headers: Headers) -> Headers:
    """The headers about the limit for which the request counted."""
    return [pair for pair in headers if pair[0].startswith(b"ratelimit-")]


def parse_vary(headers: Headers) -> tuple[bytes, ...] | None:
    """The request headers that select among responses; None if there is no such list (`*`)."""
    names = {
        part.strip().lower()
        for name, value in headers
        if name == b"vary"
        for part in value.split(b",")
    }
    if b"*" in names:
        return None
    return tuple(sorted(names - _VARY_IGNORED))


def _is_not_modified(request: GatewayRequest, response: UpstreamResponse) -> bool:
    """Whether the client has this response, and the condition was not sent to Django."""
    condition = request.headers.get(b"if-none-match")
    if condition is None or response.status != 200 or not request.is_cacheable():
        return False
    etag = dict(response.headers).get(b"etag", b"")
    return bool(etag) and matches_etag(condition, etag)


def _find_length(response: UpstreamResponse) -> int:
    """The length of the content, -1 if it is not declared."""
    text = _get_internal(response, LENGTH_HEADER).encode("ascii")
    text = text or dict(response.headers).get(b"content-length", b"")
    return int(text) if text.isdigit() else -1


def _get_internal(response: UpstreamResponse, name: str) -> str:
    return response.internal.get(name.lower().encode(), "")
