"""Respond to one request: from memory, from Django, or with an error."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import structlog

from common.disk_errors import build_disk_error, is_disk_full
from common.gateway_protocol import BODY_AWAITED, BODY_CHECKED, BODY_HEADER
from common.http.errors import (
    BodyTooLargeError,
    LengthRequiredError,
    MethodNotAllowedError,
    ServerUnavailableError,
    UploadTooLargeError,
)
from gateway.bodies import MEMORY_BYTES, Body, ClientGoneError, Receive, read_body
from gateway.cache import ResponseCache
from gateway.changes import ChangeFollower
from gateway.connections import reset_connection
from gateway.encodings import Headers
from gateway.entries import Entry
from gateway.error_responses import render_error
from gateway.in_flight import InFlight
from gateway.options import GatewayOptions
from gateway.readiness import Readiness, respond_liveness
from gateway.records import Records
from gateway.request import GatewayRequest
from gateway.responses import (
    CompleteResponse,
    Stored,
    build_entry,
    is_storable,
    parse_vary,
    read_response,
    select_limits,
)
from gateway.transfers import (
    PIECE_BYTES,
    ClientTooSlowError,
    Send,
    open_file,
    open_object,
    send_pieces,
)
from gateway.upstream import Upstream, UpstreamError, select_request_headers
from plugport.spec.errors import MissingError, PlugportError
from plugport.spec.text import quote_text

_log = structlog.get_logger("plugport.gateway")
# A request waits that long for the response to the same request of another client.
_SHARED_SECONDS = 5.0
# An upload or a download over the limit of its client waits that long for its turn.
TURN_SECONDS = 20.0
_CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})


class Handler:
    """Serves requests with the parts of one gateway process."""

    def __init__(
        self,
        options: GatewayOptions,
        *,
        upstream: Upstream,
        object_store: aiohttp.ClientSession,
        cache: ResponseCache,
        follower: ChangeFollower,
        records: Records,
        readiness: Readiness,
    ) -> None:
        self._options = options
        self._unlimited = options.unlimited
        self._upstream = upstream
        self._object_store = object_store
        self._cache = cache
        self._follower = follower
        self._records = records
        self._readiness = readiness
        self._requests = InFlight(options.requests_in_flight, "requests")
        self._uploads = InFlight(options.uploads_in_flight, "uploads", wait_seconds=TURN_SECONDS)
        self._downloads = InFlight(
            options.downloads_in_flight, "downloads", wait_seconds=TURN_SECONDS
        )
        self._passed_on = InFlight(
            options.forwarded_in_flight,
            "requests for the web processes",
            wait_seconds=TURN_SECONDS,
        )
        # A slow client keeps each of them on the disk. Packages are not among them.
        self._large = InFlight(options.downloads_in_flight, "large responses")
        self._filling: dict[tuple[object, ...], asyncio.Event] = {}

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Respond to one request."""
        request = GatewayRequest(scope, self._options.trusted_proxies, self._unlimited)
        if request.is_read and request.path in (b"/healthz", b"/readyz"):
            await self._send_health(request, send)
            return
        has_started = False

        async def send_and_note(message: dict[str, Any]) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            async with self._requests.count(request):
                await self._serve(request, receive, send_and_note)
        except ClientGoneError:
            return
        except (PlugportError, UpstreamError, ClientTooSlowError, OSError) as error:
            if has_started:
                # The client sees by Content-Length, which every response has, that this one is not complete.
                _log.info(
                    "response_cut",
                    path=request.route[:300],
                    error=type(error).__name__,
                    request_id=request.request_id.decode("ascii"),
                )
                if isinstance(error, ClientTooSlowError) and scope.get("client"):
                    # Granian would wait until the client has taken what is buffered.
                    address, port = scope["client"]
                    await asyncio.to_thread(reset_connection, address, int(port))
                return
            await self._send_error(request, send, _translate(error))

    async def _serve(self, request: GatewayRequest, receive: Receive, send: Send) -> None:
        if not request.method.isupper():
            # RFC 9110, section 9.1. What comes later would take `get` for GET.
            raise MethodNotAllowedError(
                f"The method is {quote_text(request.method)}. Methods are written in capitals."
            )
        if request.is_internal:
            raise MissingError("No page or resource exists at this URL.")
        if request.is_download:
            # Its turn comes first: what was allowed before a wait may be blocked after it.
            async with self._downloads.count(request):
                await self._respond(request, receive, send)
        else:
            await self._respond(request, receive, send)

    async def _respond(self, request: GatewayRequest, receive: Receive, send: Send) -> None:
        if not request.is_cacheable():
            await self._pass_on(request, receive, send)
            return
        if await self._respond_from_cache(request, receive, send):
            return
        flight = (
            request.key,
            request.method,
            request.headers.get(b"hx-request"),
            request.headers.get(b"accept"),
        )
        if (other := self._filling.get(flight)) is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(other.wait(), _SHARED_SECONDS)
            if not await self._respond_from_cache(request, receive, send):
                await self._pass_on(request, receive, send)
            return
        done = self._filling[flight] = asyncio.Event()
        try:
            await self._pass_on(request, receive, send, filled=done)
        finally:
            done.set()
            if self._filling.get(flight) is done:
                del self._filling[flight]

    async def _respond_from_cache(
        self, request: GatewayRequest, receive: Receive, send: Send
    ) -> bool:
        """Whether there was a response."""
        if not await self._follower.make_fresh():
            return False
        entry = self._cache.find(request.key, request.headers)
        if entry is None:
            return False
        await self._send_entry(request, receive, send, entry)
        return True

    async def _send_entry(
        self,
        request: GatewayRequest,
        receive: Receive,
        send: Send,
        entry: Entry,
        counted: Headers | None = None,
    ) -> None:
        """Send a stored response. `counted` are the headers of limits, if Django counted the request."""
        extra = [(b"x-request-id", request.request_id), *(counted or ())]
        if age := int(time.monotonic() - entry.stored_at):
            extra.append((b"age", b"%d" % age))
        accepted = request.headers.get(b"accept-encoding", b"")
        if condition := request.headers.get(b"if-none-match"):
            headers = entry.find_not_modified(condition, accepted)
            if headers is not None:
                if entry.counts_not_modified and counted is None:
                    self._records.add(entry.record, request.network)
                await _send(send, 304, [*headers, *extra], b"")
                return
        message = entry.select(accepted)
        headers = [*message.headers, *extra]
        if request.method == "HEAD":
            await _send(send, 200, headers, b"")
            return
        if entry.record and counted is None:
            self._records.add(entry.record, request.network)
        if entry.file_path:
            await self._send_file(receive, send, 200, headers, entry.file_path, "")
        elif len(message.body) > PIECE_BYTES:
            await _start(send, 200, headers)
            await send_pieces(send, receive, _iter_once(message.body))
        else:
            await _send(send, 200, headers, message.body)

    async def _send_file(
        self, receive: Receive, send: Send, status: int, headers: Headers, path: str, part: str
    ) -> None:
        try:
            file = await open_file(path, part)
        except OSError:
            # Removed since the response was stored. The next request is passed on to Django.
            self._cache.clear()
            raise ServerUnavailableError("The package cannot be read.") from None
        try:
            await _start(send, status, headers)
            await send_pieces(send, receive, file.iter_pieces())
        finally:
            file.close()

    async def _pass_on(
        self,
        request: GatewayRequest,
        receive: Receive,
        send: Send,
        filled: asyncio.Event | None = None,
    ) -> None:
        """Let Django respond. `filled` is set once its response is stored, or known not to be."""
        async with contextlib.AsyncExitStack() as stack:
            if request.is_upload:
                await stack.enter_async_context(self._uploads.count(request))
                if self._is_checked_first(request) and await self._refuse_early(
                    request, receive, send
                ):
                    return
            body = await self._read_body(request, receive)
            if body is not None:
                stack.callback(body.close)
            async with self._passed_on.count(request):
                response = await self._request(request, body, filled)
        if isinstance(response, Stored):
            await self._send_entry(request, receive, send, response.entry, response.counted)
            return
        try:
            if response.is_on_disk and request.is_read:
                async with self._large.count(request):
                    await self._send_response(receive, send, response)
            else:
                await self._send_response(receive, send, response)
        finally:
            response.close()

    async def _request(
        self, request: GatewayRequest, body: Body | None, filled: asyncio.Event | None
    ) -> Stored | CompleteResponse:
        """Send the request to Django and read the response. The connection is free afterwards."""
        # Known before the request is sent: what is noticed later may not be in the response.
        if filled is not None:
            await self._follower.make_fresh()
        change_number = self._cache.change_number
        headers = self._build_headers(request, body, is_plain=filled is not None)
        async with self._upstream.send(request.method, request.target, headers, body) as response:
            if filled is not None and is_storable(request, response):
                entry = await build_entry(response, change_number)
                if entry is not None:
                    vary = parse_vary(response.headers) or ()
                    self._cache.store(request.key, request.headers, vary, entry)
                    filled.set()
                    return Stored(entry, select_limits(response.headers))
            if filled is not None:
                filled.set()
            complete = await read_response(request, response, self._options.scratch)
        if not request.is_read and complete.status < 400:
            # The client must see its own change in the next response of this process.
            await self._follower.refresh()
        return complete

    async def _send_response(
        self, receive: Receive, send: Send, response: CompleteResponse
    ) -> None:
        headers = response.headers
        if response.path:
            await self._send_file(
                receive, send, response.status, headers, response.path, response.part
            )
        elif response.url:
            async with open_object(self._object_store, response.url, response.part) as pieces:
                await _start(send, response.status, headers)
                await send_pieces(send, receive, pieces)
        elif response.body is None or not response.body.size_bytes:
            await _send(send, response.status, headers, b"")
        else:
            await _start(send, response.status, headers)
            await send_pieces(send, receive, response.body.iter_pieces())

    def _is_checked_first(self, request: GatewayRequest) -> bool:
        """Whether Django decides about an upload before its body is read, which needs disk space."""
        return (
            request.is_upload
            and b"authorization" in request.headers
            and MEMORY_BYTES < request.content_length <= self._options.upload_bytes
        )

    async def _refuse_early(self, request: GatewayRequest, receive: Receive, send: Send) -> bool:
        """Send Django an upload without its body. Whether it was refused."""
        headers = [*self._build_headers(request, None, is_plain=False), (BODY_HEADER, BODY_AWAITED)]
        async with (
            self._passed_on.count(request),
            self._upstream.send(request.method, request.target, headers, None) as response,
        ):
            if response.status < 400:
                return False
            refusal = await read_response(request, response, self._options.scratch)
        # The rest of the request is not read, so the connection cannot be used again.
        refusal.headers.append((b"connection", b"close"))
        try:
            await self._send_response(receive, send, refusal)
        finally:
            refusal.close()
        return True

    async def _read_body(self, request: GatewayRequest, receive: Receive) -> Body | None:
        """The body of the request, None without one."""
        if b"transfer-encoding" in request.headers:
            raise LengthRequiredError(
                "The request has a chunked body without a Content-Length header.",
                hint="Send the Content-Length header. Write the package to a file first.",
            )
        size = request.content_length
        if not size:
            return None
        over_limit = self._build_over_limit(request)
        limit = self._options.form_bytes
        if request.is_upload:
            if b"authorization" not in request.headers:
                # Django refuses it; a client without one must not use the disk.
                return None
            limit = self._options.upload_bytes
        if size > limit:
            raise over_limit
        return await read_body(
            receive,
            limit=limit,
            scratch=self._options.scratch,
            over_limit=over_limit,
            is_package=request.is_upload,
        )

    def _build_over_limit(self, request: GatewayRequest) -> PlugportError:
        if request.is_upload:
            limit = self._options.package_bytes
            return UploadTooLargeError(
                f"This upload has more than {limit:,} bytes, the limit for packages.",
                hint="Exclude files that are not needed at run time with a .plugportignore file.",
                context={"limitBytes": limit},
            )
        return BodyTooLargeError("The request body is too large for this path.")

    def _build_headers(
        self, request: GatewayRequest, body: Body | None, *, is_plain: bool
    ) -> list[tuple[str, str]]:
        # Django's server ignores a header that is not ASCII, and would know no client.
        forwarded = request.join(b"x-forwarded-for").encode("ascii", "replace").decode()
        extra = [
            ("X-Forwarded-For", f"{forwarded}, {request.peer}" if forwarded else request.peer),
            ("X-Request-Id", request.request_id.decode("ascii")),
            ("Content-Length", str(body.size_bytes if body else 0)),
        ]
        if request.is_read and body is None:
            extra.pop()
        if body is not None and self._is_checked_first(request):
            extra.append((BODY_HEADER, BODY_CHECKED))
        pairs = request.pairs
        if is_plain:
            extra.append(("Accept-Encoding", "identity"))
            # A 304 could not be stored, so the condition is compared here. Not of a download: Django would
            # count one, and a redirect to the store cannot be compared.
            if not request.is_download:
                pairs = [pair for pair in pairs if pair[0] not in _CONDITIONS]
        return select_request_headers(pairs, extra)

    async def _send_health(self, request: GatewayRequest, send: Send) -> None:
        if request.path == b"/healthz":
            status, headers, body = respond_liveness()
        else:
            status, headers, body = self._readiness.respond(request.query.decode("latin-1"))
        await _send(send, status, headers, b"" if request.method == "HEAD" else body)

    async def _send_error(self, request: GatewayRequest, send: Send, error: PlugportError) -> None:
        status, headers, body = render_error(error, self._options, is_api=request.is_api)
        headers += [(b"x-request-id", request.request_id)]
        if not request.is_read:
            # The rest of the body is not read, so the connection cannot be used again.
            headers.append((b"connection", b"close"))
        _log.info(
            "request_refused",
            method=request.method,
            path=request.route[:300],
            status=status,
            code=error.code,
            request_id=request.request_id.decode("ascii"),
        )
        await _send(send, status, headers, b"" if request.method == "HEAD" else body)


def _translate(error: Exception) -> PlugportError:
    """The error for the client. Others than those meant for it are logged."""
    if isinstance(error, PlugportError):
        return error
    if isinstance(error, OSError) and is_disk_full(error):
        return build_disk_error("the scratch folder", error)
    _log.warning("gateway_failed", error=repr(error)[:300])
    return ServerUnavailableError("The server does not respond.")


async def _start(send: Send, status: int, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _iter_once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await _start(send, status, headers)
    await send({"type": "http.response.body", "body": body, "more_body": False})
