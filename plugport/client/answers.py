"""Reading answers: bounded bodies, JSON, and problem documents (RFC 9457) turned into errors."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from plugport.client.errors import AnswerTooLargeError, TransferCutError, UnexpectedAnswerError
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
ANSWER_SECONDS = 120.0
_FIELD_ERRORS = 500
_GZIP_WINDOW = 31  # zlib: 16 + 15 reads the gzip container only
_BY_STATUS: dict[int, type[PlugportError]] = {
    401: DeniedError,
    403: DeniedError,
    404: MissingError,
    409: ConflictError,
    410: MissingError,
    412: ConflictError,
    413: LimitedError,
    429: LimitedError,
}
_OWN_MEMBERS = frozenset({"type", "title", "status", "code", "detail", "hint", "errors"})


def read_bounded(response: httpx.Response, limit_bytes: int = JSON_BYTES) -> bytes:
    """The decoded body of a streamed answer.

    Raises `AnswerTooLargeError` past `limit_bytes` and `TransferCutError` where it drips for more
    than `ANSWER_SECONDS`. It undoes gzip itself, piece by piece: a library that decodes a whole
    chunk at once can be made to hold a thousand times what was sent.
    """
    # Timeouts are per read; a byte a minute would pass every one of them.
    deadline = time.monotonic() + ANSWER_SECONDS
    body = bytearray()
    for piece in _decode_pieces(response, limit_bytes):
        body += piece
        if len(body) > limit_bytes:
            raise AnswerTooLargeError(
                f"`{response.url}` answers with more than {limit_bytes} bytes, the most allowed"
            )
        if time.monotonic() > deadline:
            raise TransferCutError(f"`{response.url}` has not finished its answer in time")
    return bytes(body)


def _decode_pieces(response: httpx.Response, limit_bytes: int) -> Iterator[bytes]:
    if response.is_stream_consumed:
        # A transport inside this process answers with bodies that are there already.
        yield response.content
        return
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        yield from response.iter_raw()
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise UnexpectedAnswerError(f"`{response.url}` answers in the encoding `{encoding[:40]}`")
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for piece in response.iter_raw():
            yield inflater.decompress(piece, limit_bytes + 1)
    except zlib.error:
        raise UnexpectedAnswerError(f"`{response.url}` answers with broken gzip") from None


def read_json(response: httpx.Response) -> Any:
    """The body as JSON. Raises `UnexpectedAnswerError` where it is none."""
    try:
        return json.loads(read_bounded(response))
    except (ValueError, RecursionError):
        raise UnexpectedAnswerError(
            f"`{response.url}` answers {response.status_code} without readable JSON",
            hint="Is this address a Plugport registry?",
        ) from None


def raise_for_problem(response: httpx.Response) -> None:
    """Raise the error that an answer of 400 or more reports; return for all others."""
    if response.status_code < 400:
        return
    body = read_bounded(response, PROBLEM_BYTES)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    # A proxy in between may answer with a page of its own.
    problem = document if isinstance(document, dict) else {}
    raise make_error(response.status_code, problem, response.headers)


def make_error(
    status: int, problem: Mapping[str, Any], headers: Mapping[str, str]
) -> PlugportError:
    """The error of a problem document: its kind by the status, its code as the server says."""
    # A status without a kind of its own is the server's fault from 500 on, and ours below.
    fallback = UnavailableError if status >= 500 else InvalidError
    base = _BY_STATUS.get(status, fallback)
    title = _find_text(problem, "title") or base.title
    context = {key: value for key, value in problem.items() if key not in _OWN_MEMBERS}
    context["status"] = status
    error = base(
        _find_text(problem, "detail") or f"the registry answers {status}: {title}",
        hint=_find_hint(status, headers) or _find_text(problem, "hint"),
        fields=_read_fields(problem.get("errors")),
        context=context,
    )
    # The codes of servers are an open set: they sit on the instance, not on a class of their own.
    vars(error).update(code=_find_text(problem, "code") or base.code, title=title)
    return error


def _find_hint(status: int, headers: Mapping[str, str]) -> str | None:
    """Advice in the words of this client, which the registry's, for everybody, come second to."""
    if status == 401:
        return "Log in with `plugport login`, or set PLUGPORT_TOKEN."
    wait = headers.get("retry-after", "")
    if status in {429, 503} and wait.isascii() and wait.isdigit():
        return f"Try again in {wait[:9]} s."
    return None


def _read_fields(errors: Any) -> list[FieldError]:
    # More than a person reads is not kept.
    rows = errors[:_FIELD_ERRORS] if isinstance(errors, list) else []
    return [_read_field(row) for row in rows if isinstance(row, dict)]


def _read_field(row: Mapping[str, Any]) -> FieldError:
    line = row.get("line")
    return FieldError(
        field=_find_text(row, "field") or "",
        detail=_find_text(row, "detail") or "is wrong",
        code=_find_text(row, "code") or "invalid",
        file=_find_text(row, "file"),
        line=line if isinstance(line, int) else None,
        found=_find_text(row, "found"),
        allowed=_find_text(row, "allowed"),
    )


def _find_text(document: Mapping[str, Any], key: str) -> str | None:
    value = document.get(key)
    return value if isinstance(value, str) and value else None
