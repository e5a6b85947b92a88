"""Conditional responses: ETag and 304 (RFC 9110, section 13)."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from common.api.compressed import CompressedBody, compute_etag
from common.api.json_encoding import dump_json

# Caches may store documents that change but must revalidate them, so that a revocation takes
# effect at once.
REVALIDATE = "public, no-cache"
PRIVATE = "private, no-store"
# As in `django.middleware.gzip`.
_ACCEPTS_GZIP = re.compile(r"\bgzip\b")


def matches_etag(request: HttpRequest | Request, etag: str) -> bool:
    """Return whether If-None-Match matches, by weak comparison (RFC 9110, section 13.1.2)."""
    header = request.headers.get("If-None-Match")
    if header is None:
        return False
    return any(tag == "*" or tag.removeprefix("W/") == etag for tag in parse_etags(header))


def respond_not_modified(headers: Mapping[str, str], size_bytes: int) -> HttpResponse:
    """Return 304 with the headers of the 200 response (RFC 9110, sections 8.6 and 15.4.5).

    `size_bytes` is the length of the body that is not sent.
    """
    response = HttpResponse(status=304, headers={**headers, "Content-Length": str(size_bytes)})
    del response.headers["Content-Type"]
    return response


def respond_json(
    request: HttpRequest | Request,
    document: Any,
    *,
    status: int = 200,
    cache: str = REVALIDATE,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """Return the document as JSON with an ETag, or 304 if the client has it already."""
    return respond_body(
        request,
        dump_json(document),
        content_type="application/json",
        status=status,
        cache=cache,
        headers=headers,
    )


def respond_body(
    request: HttpRequest | Request,
    body: bytes,
    *,
    content_type: str,
    status: int = 200,
    cache: str = REVALIDATE,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """Return an encoded body with an ETag, or 304 if the client has it already."""
    is_cacheable = request.method in ("GET", "HEAD") and status == 200
    response_headers = {"Cache-Control": cache, **(headers or {})}
    if is_cacheable:
        response_headers["ETag"] = compute_etag(body)
        if matches_etag(request, response_headers["ETag"]):
            return respond_not_modified(response_headers, len(body))
    return HttpResponse(body, status=status, content_type=content_type, headers=response_headers)


def respond_compressed(
    request: HttpRequest | Request, body: CompressedBody, *, content_type: str
) -> HttpResponse:
    """Return a body that was compressed before, as `config.compression` would compress it.

    Without random bytes against BREACH, so it must have no secrets.
    """
    headers = {"Cache-Control": REVALIDATE, "ETag": body.etag, "Vary": "Accept-Encoding"}
    if matches_etag(request, body.etag):
        return respond_not_modified(headers, body.size_bytes)
    if not _ACCEPTS_GZIP.search(request.headers.get("Accept-Encoding", "")):
        content = gzip.decompress(body.gzip)
        return HttpResponse(content, content_type=content_type, headers=headers)
    # The bytes differ from those without compression, so the ETag must be weak.
    headers |= {"Content-Encoding": "gzip", "ETag": f"W/{body.etag}"}
    return HttpResponse(body.gzip, content_type=content_type, headers=headers)
