"""Conditional answers: ETag and 304 (RFC 9110, section 13)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from config.json_text import dump_json

# Mutable documents may be kept, but are asked for again each time: a revocation shows at once.
REVALIDATE = "public, no-cache"
PRIVATE = "private, no-store"


def matches_etag(request: HttpRequest | Request, etag: str) -> bool:
    """Whether If-None-Match names this version; weak comparison, as RFC 9110 asks."""
    header = request.headers.get("If-None-Match")
    if header is None:
        return False
    return any(tag == "*" or tag.removeprefix("W/") == etag for tag in parse_etags(header))


def respond_unchanged(headers: Mapping[str, str], size_bytes: int) -> HttpResponse:
    """304: what 200 would say of `size_bytes`, without them (RFC 9110, sections 8.6 and 15.4.5)."""
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
    """The document as JSON with an ETag; 304 without a body if the client has it already."""
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
    """As `respond_json`, for a body that is ready."""
    is_read = request.method in ("GET", "HEAD") and status == 200
    sent = {"Cache-Control": cache, **(headers or {})}
    if is_read:
        sent["ETag"] = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        if matches_etag(request, sent["ETag"]):
            return respond_unchanged(sent, len(body))
    return HttpResponse(body, status=status, content_type=content_type, headers=sent)
