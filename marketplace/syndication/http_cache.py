"""HTTP caching for content that clients fetch repeatedly (RFC 9110 and RFC 9111)."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date


def build_cacheable_response(
    request: HttpRequest,
    body: bytes,
    *,
    content_type: str,
    seconds: int,
    status: int = 200,
    modified_at: dt.datetime | None = None,
) -> HttpResponseBase:
    """A public response that any site can embed and cache for `seconds`; 304 if it is unchanged."""
    response = HttpResponse(
        body, status=status, content_type=content_type, headers=build_cache_headers(seconds)
    )
    if status != 200:
        return response
    return build_conditional_response(
        request, response, etag=compute_etag(body), modified_at=modified_at
    )


def build_cache_headers(seconds: int) -> dict[str, str]:
    """Headers of a public response that other sites can embed (feeds, badges, cards)."""
    return {
        "Cache-Control": f"public, max-age={seconds}",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def compute_etag(content: bytes) -> str:
    """The strong ETag of the content."""
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


def build_conditional_response(
    request: HttpRequest,
    response: HttpResponse,
    *,
    etag: str,
    modified_at: dt.datetime | None = None,
) -> HttpResponseBase:
    """The response with ETag and Last-Modified, or 304 (RFC 9110, section 13)."""
    modified = int(modified_at.timestamp()) if modified_at else None
    response.headers["ETag"] = etag
    if modified is not None:
        response.headers["Last-Modified"] = http_date(modified)
    conditional = get_conditional_response(
        request, etag=etag, last_modified=modified, response=response
    )
    return conditional or response
