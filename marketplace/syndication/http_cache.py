"""HTTP caching for content that clients fetch repeatedly (RFC 9110 and RFC 9111)."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response


def build_cacheable_response(
    request: HttpRequest,
    body: bytes,
    *,
    content_type: str,
    seconds: int,
    status: int = 200,
) -> HttpResponseBase:
    """A public response that any site can embed and cache for `seconds`; 304 if it is unchanged."""
    response = HttpResponse(
        body, status=status, content_type=content_type, headers=build_cache_headers(seconds)
    )
    if status != 200:
        return response
    return build_conditional_response(request, response, etag=compute_etag(body))


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
    request: HttpRequest, response: HttpResponse, *, etag: str
) -> HttpResponseBase:
    """The response with the ETag, or 304 (RFC 9110, section 13).

    No Last-Modified: the date of the newest entry of a list does not change when an entry is removed,
    so a client that compares dates would keep showing a release that was blocked.
    """
    response.headers["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
