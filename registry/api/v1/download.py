"""`/plugins/{name}/{version}/download`: the package, or a range of its bytes.

Range requests follow RFC 9110, section 14. A request for several ranges gets the whole file, which
the RFC allows: multipart responses can be made much larger than the file (CVE-2011-3192).
`Repr-Digest` is RFC 9530, `Digest` its predecessor RFC 3230.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from common.client_address import get_client_network
from plugport.spec.text import quote_text
from registry.api.conditional import matches_etag, respond_not_modified
from registry.api.v1.parameters import NAME, VERSION
from registry.api.views import ApiView
from registry.downloads.counts import record_sent_bytes
from registry.errors import RangeError
from registry.models import Artifact, Release
from registry.policies import check_served
from registry.queries import catalog
from registry.queries.catalog import get_artifact
from registry.storage import get_store
from registry.storage.keys import build_package_key

# At most 19 digits: `int` takes quadratic time for long text (CVE-2020-10735).
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\Z")
_IMMUTABLE_CACHE = "public, max-age=31536000, immutable"
# A dist-tag moves, so caches must revalidate what it points at.
_REVALIDATE_CACHE = "public, no-cache"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` up to but not including `stop`."""

    start: int
    stop: int


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the requested range, or None for the whole file. Raises `RangeError`.

    A header that is not understood is ignored (RFC 9110, section 14.2).
    """
    match = _RANGE.match(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    # `bytes=-500` requests the last 500 bytes (RFC 9110, section 14.1.2).
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        # Such a range is invalid (RFC 9110, section 14.1.1), so it is ignored.
        if last and int(last) < int(first):
            return None
    if start >= size or start >= stop:
        raise RangeError(
            f"The range {quote_text(header or '')} is outside the file of {size:,} bytes.",
            context={"headers": {"Content-Range": f"bytes */{size}"}},
        )
    return ByteRange(start, stop)


class DownloadView(ApiView):
    """The package of one release."""

    @extend_schema(
        operation_id="downloadRelease",
        parameters=[
            NAME,
            VERSION,
            OpenApiParameter("Range", OpenApiTypes.STR, OpenApiParameter.HEADER),
            OpenApiParameter("If-Range", OpenApiTypes.STR, OpenApiParameter.HEADER),
        ],
        responses={
            (200, "application/gzip"): OpenApiResponse(OpenApiTypes.BINARY, "The package."),
            (206, "application/gzip"): OpenApiResponse(OpenApiTypes.BINARY, "The requested range."),
        },
    )
    def get(self, request: Request, name: str, version: str) -> HttpResponseBase:
        """Download the package. The bytes of a version never change; headers have their digests."""
        release = catalog.get_release(name, version)
        check_served(release)
        artifact = get_artifact(release)
        headers = build_headers(release, artifact, is_pinned=version == release.version)
        # Before the range: If-None-Match has precedence (RFC 9110, section 13.2.2).
        if matches_etag(request, headers["ETag"]):
            return respond_not_modified(headers, artifact.size_bytes)
        part = parse_range(self._find_range_header(request, headers["ETag"]), artifact.size_bytes)
        return self._stream(request, artifact, part, headers)

    def _find_range_header(self, request: Request, etag: str) -> str | None:
        """Return the Range header if it applies, else None."""
        # Only GET has ranges (RFC 9110, section 14.2). If-Range needs a strong match, which weak
        # ETags never are (section 13.1.5).
        if request.method != "GET" or request.headers.get("If-Range") not in (None, etag):
            return None
        return request.headers.get("Range")

    def _stream(
        self, request: Request, artifact: Artifact, part: ByteRange | None, headers: dict[str, str]
    ) -> HttpResponseBase:
        size = artifact.size_bytes
        sent = part or ByteRange(0, size)
        headers["Content-Length"] = str(sent.stop - sent.start)
        if part is not None:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        status = 200 if part is None else 206
        content_type = "application/gzip"
        if request.method == "HEAD":
            return HttpResponse(content_type=content_type, headers=headers)
        chunks = get_store().open_range(build_package_key(artifact.digest), sent.start, sent.stop)
        return StreamingHttpResponse(
            _record_chunks(chunks, artifact, sent.start, get_client_network(request)),
            status=status,
            content_type=content_type,
            headers=headers,
        )


def _record_chunks(
    chunks: Iterator[bytes], artifact: Artifact, start: int, client: str
) -> Iterator[bytes]:
    """Pass the chunks on, and record at the end which bytes the client received."""
    stop = start
    try:
        for chunk in chunks:
            yield chunk
            # Only now: a client that disconnects ends the generator at `yield`.
            stop += len(chunk)
    finally:
        if close := getattr(chunks, "close", None):
            close()
        record_sent_bytes(
            artifact.release_id,
            client=client,
            size_bytes=artifact.size_bytes,
            start=start,
            stop=stop,
        )


def build_headers(release: Release, artifact: Artifact, *, is_pinned: bool) -> dict[str, str]:
    """Return the headers that are the same for every range of the file."""
    sha256 = base64.b64encode(bytes.fromhex(artifact.sha256)).decode("ascii")
    sha512 = base64.b64encode(bytes.fromhex(artifact.sha512)).decode("ascii")
    return {
        "ETag": f'"{artifact.sha256}"',
        "Cache-Control": _IMMUTABLE_CACHE if is_pinned else _REVALIDATE_CACHE,
        "Accept-Ranges": "bytes",
        "Digest": f"sha-256={sha256}",
        "Repr-Digest": f"sha-256=:{sha256}:, sha-512=:{sha512}:",
        "Content-Disposition": f'attachment; filename="{build_package_filename(release)}"',
        # No browser should guess that a package is HTML and run it on this origin.
        "X-Content-Type-Options": "nosniff",
    }


def build_package_filename(release: Release) -> str:
    """Return the name under which a browser saves the package."""
    return f"{release.plugin.name.removeprefix('@').replace('/', '-')}-{release.version}.tgz"
