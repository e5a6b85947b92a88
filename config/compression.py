"""Compress text responses with gzip, and static files with gzip and Brotli."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import brotli
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Packages and images are already compressed, and a range response must contain the file's own bytes.
_COMPRESSIBLE_TYPES = frozenset(
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
    """Django's middleware, limited to text.

    The base class adds a random number of bytes, so that the size of a response does not reveal
    secrets in it (BREACH, CVE-2013-3587).
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress the response if it is text and the client accepts gzip."""
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return _restore_weak_etag(request, response)
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        if media_type not in _COMPRESSIBLE_TYPES:
            return response
        return super().process_response(request, response)


def _restore_weak_etag(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Send the ETag of the compressed response with a 304, which RFC 9110 (15.4.5) requires.

    Compression makes the ETag weak; the view compared the strong one.
    """
    weak = f"W/{response.headers.get('ETag', '')}"
    accepts_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    if accepts_gzip and weak in request.headers.get("If-None-Match", ""):
        response.headers["ETag"] = weak
        del response.headers["Content-Length"]  # it is the length before compression
    return response


class _FastCompressor(Compressor):  # type: ignore[misc]  # untyped library
    """Brotli with a quality at which it is as fast as gzip.

    The best one, WhiteNoise's own, delays the first start of a registry by 40 seconds.
    """

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        compressed: bytes = brotli.compress(data, quality=5)
        return compressed


class StaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped library
    """Files with hashed names, stored compressed too."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """The compressor with the options that WhiteNoise passes."""
        return _FastCompressor(**kwargs)
