"""Answering with a body that others fetch over and over: ETag, Last-Modified, how long to keep it."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date


def respond(
    request: HttpRequest,
    body: bytes,
    *,
    content_type: str,
    seconds: int,
    status: int = 200,
    modified_at: dt.datetime | None = None,
) -> HttpResponseBase:
    """The body for anybody on any site, to be kept for so many seconds; 304 if they have it."""
    response = HttpResponse(
        body, status=status, content_type=content_type, headers=make_headers(seconds)
    )
    if status != 200:
        return response
    return finish(request, response, etag=make_etag(body), modified_at=modified_at)


def make_headers(seconds: int) -> dict[str, str]:
    """Public, for so long, and usable by the pages of other sites (feeds, badges, cards)."""
    return {
        "Cache-Control": f"public, max-age={seconds}",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def make_etag(content: bytes) -> str:
    """A strong ETag of that content."""
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


def finish(
    request: HttpRequest,
    response: HttpResponse,
    *,
    etag: str,
    modified_at: dt.datetime | None = None,
) -> HttpResponseBase:
    """The response with its validators, or 304 (RFC 9110, section 13)."""
    modified = int(modified_at.timestamp()) if modified_at else None
    response.headers["ETag"] = etag
    if modified is not None:
        response.headers["Last-Modified"] = http_date(modified)
    answer = get_conditional_response(request, etag=etag, last_modified=modified, response=response)
    return answer or response
