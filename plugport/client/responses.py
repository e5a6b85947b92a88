"""Reading responses: bounded bodies, JSON, and errors from problem documents (RFC 9457)."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from plugport.client.errors import (
    ResponseTooLargeError,
    TransferInterruptedError,
    UnexpectedResponseError,
)
from plugport.client.lean_httpx import httpx
from plugport.spec.api.problems import FieldProblem, Problem
from plugport.spec.api.reading import parse_leniently
from plugport.spec.errors import (
    ConflictError,
    DeniedError,
    FieldError,
    InvalidError,
    LimitedError,
    MissingError,
    PlugportError,
    UnavailableError,
)

JSON_BYTES = 32 << 20
PROBLEM_BYTES = 1 << 20
RESPONSE_SECONDS = 120.0
_MAX_FIELD_ERRORS = 500
_GZIP_WINDOW = 31  # zlib: 16 + 15 accepts gzip only
_ERROR_BY_STATUS: dict[int, type[PlugportError]] = {
    401: DeniedError,
    403: DeniedError,
    404: MissingError,
    409: ConflictError,
    410: MissingError,
    412: ConflictError,
    413: LimitedError,
    429: LimitedError,
}
_STANDARD_MEMBERS = frozenset(Problem.__annotations__)


def read_bounded(response: httpx.Response, limit_bytes: int = JSON_BYTES) -> bytes:
    """Return the decoded body of a streamed response.

    Raises `ResponseTooLargeError` above `limit_bytes`, and `TransferInterruptedError` if the body
    takes longer than `RESPONSE_SECONDS`.
    """
    # The timeouts of httpx are per read: a server that sends one byte a minute never exceeds them.
    deadline = time.monotonic() + RESPONSE_SECONDS
    body = bytearray()
    for piece in _iter_decoded_chunks(response, limit_bytes):
        body += piece
        if len(body) > limit_bytes:
            raise ResponseTooLargeError(
                f"`{response.url}` returned more than {limit_bytes:,} bytes, the limit."
            )
        if time.monotonic() > deadline:
            raise TransferInterruptedError(
                f"`{response.url}` did not finish its response in {RESPONSE_SECONDS:.0f} s."
            )
    return bytes(body)


def _iter_decoded_chunks(response: httpx.Response, limit_bytes: int) -> Iterator[bytes]:
    if response.is_stream_consumed:
        # A transport in the same process returns complete bodies.
        yield response.content
        return
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        yield from response.iter_raw()
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise UnexpectedResponseError(
            f"`{response.url}` returned a response in the encoding `{encoding[:40]}`."
        )
    # Not by httpx, which decodes a whole chunk at once: a decompression bomb (CWE-409) would take a
    # thousand times the memory of what was sent before the limit is checked.
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for piece in response.iter_raw():
            # One byte over the limit is enough: `read_bounded` then stops, and the rest is not
            # needed.
            yield inflater.decompress(piece, limit_bytes + 1)
    except zlib.error:
        raise UnexpectedResponseError(f"`{response.url}` returned invalid gzip data.") from None


def read_json(response: httpx.Response) -> Any:
    """Return the body as JSON. Raises `UnexpectedResponseError` if it is not JSON."""
    try:
        # RecursionError: hostile JSON can be nested too deeply (CWE-674).
        return json.loads(read_bounded(response))
    except (ValueError, RecursionError):
        raise UnexpectedResponseError(
            f"`{response.url}` returned {response.status_code} without valid JSON.",
            hint="Check that this is the address of a Plugport registry.",
        ) from None


def raise_for_problem(response: httpx.Response) -> None:
    """Raise the error of a response with status 400 or more."""
    if response.status_code < 400:
        return
    body = read_bounded(response, PROBLEM_BYTES)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    # A proxy in between may return an HTML page.
    raise build_error(
        response.status_code, document if isinstance(document, dict) else {}, response.headers
    )


def build_error(
    status: int, document: Mapping[str, Any], headers: Mapping[str, str]
) -> PlugportError:
    """Return the error of a problem document: its class by the status, its code by the server."""
    # For other statuses: 5xx are errors of the server, 4xx of the request.
    fallback = UnavailableError if status >= 500 else InvalidError
    base = _ERROR_BY_STATUS.get(status, fallback)
    problem = parse_leniently(Problem, {**document, "errors": []})
    title = problem["title"] or base.title
    context = {key: value for key, value in document.items() if key not in _STANDARD_MEMBERS}
    context["status"] = status
    error = base(
        problem["detail"] or f"The registry returned {status}: {title}",
        hint=_find_hint(status, headers) or problem.get("hint") or None,
        fields=_parse_field_errors(document.get("errors")),
        context=context,
    )
    # Newer registries may have codes without a class in this client.
    vars(error).update(code=problem["code"] or base.code, title=title)
    return error


def _find_hint(status: int, headers: Mapping[str, str]) -> str | None:
    """Return a hint for users of this client; the registry's hint is for all of its clients."""
    if status == 401:
        return "Log in with `plugport login`, or set PLUGPORT_TOKEN."
    # Seconds only: the header can also be a date (RFC 9110, section 10.2.3).
    wait = headers.get("retry-after", "")
    if status in {429, 503} and wait.isascii() and wait.isdigit():
        return f"Try again in {wait[:9]} s."
    return None


def _parse_field_errors(errors: Any) -> list[FieldError]:
    rows = errors[:_MAX_FIELD_ERRORS] if isinstance(errors, list) else []
    return [_parse_field_error(row) for row in rows if isinstance(row, dict)]


def _parse_field_error(row: Mapping[str, Any]) -> FieldError:
    problem = parse_leniently(FieldProblem, row)
    return FieldError(
        field=problem["field"],
        detail=problem["detail"] or "is not valid",
        code=problem["code"] or "invalid",
        file=problem.get("file") or None,
        line=problem.get("line") or None,
        found=problem.get("found") or None,
        allowed=problem.get("allowed") or None,
    )
