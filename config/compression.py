"""Texts go out compressed to whoever takes gzip."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

# Packages and pictures are compressed already, and a part of a file is a part of its own bytes.
_TEXTS = frozenset(
    {
        "application/atom+xml",
        "application/json",
        "application/problem+json",
        "application/vnd.oai.openapi",
        "application/vnd.oai.openapi+json",
        "application/xml",
        "image/svg+xml",
        "text/html",
        "text/plain",
    }
)


class CompressionMiddleware(GZipMiddleware):
    """Django's middleware for texts alone.

    It pads by a random length, so that the size tells nobody what a page says about its reader
    (Gluck, Harris, Prado: BREACH, 2013).
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress the answer if it is a text and the client takes it; other answers are kept."""
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return _repeat_etag(request, response)
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        return super().process_response(request, response) if kind in _TEXTS else response


def _repeat_etag(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """What has not changed keeps the ETag that it was sent with: a weak one if it was compressed."""
    weak = f"W/{response.headers.get('ETag', '')}"
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    if takes_gzip and weak in request.headers.get("If-None-Match", ""):
        response.headers["ETag"] = weak
        del response.headers["Content-Length"]  # that of what is not compressed
    return response
