"""`/plugins/{name}/{version}/download`: the bytes, whole or in part.

Ranges follow RFC 9110, section 14, for one range; several at once are answered with the whole
file, which the RFC allows. `Repr-Digest` is RFC 9530, `Digest` its predecessor RFC 3230.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from plugport.spec.text import show
from registry import queries
from registry.api.conditional import matches_etag, respond_unchanged
from registry.api.v1.parameters import NAME, VERSION
from registry.api.views import ApiView
from registry.downloads import count_download
from registry.errors import RangeError
from registry.models import Artifact, Release
from registry.policies import check_served
from registry.queries import get_artifact
from registry.storage import get_store
from registry.storage.keys import make_package_key

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\Z")
_FOREVER = "public, max-age=31536000, immutable"
# A dist-tag moves: what it leads to may be kept only until asked for again.
_MOVING = "public, no-cache"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """From `start` up to but not including `stop`."""

    start: int
    stop: int


def read_range(header: str | None, size: int) -> ByteRange | None:
    """The one range asked for, None for the whole file. Raises `RangeError`.

    A header that is not understood is ignored, as RFC 9110 demands.
    """
    match = _RANGE.match(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= size or start >= stop:
        raise RangeError(
            f"The range {show(header or '')} lies outside the file of {size:,} bytes.",
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
            (206, "application/gzip"): OpenApiResponse(OpenApiTypes.BINARY, "The part asked for."),
        },
    )
    def get(self, request: Request, name: str, version: str) -> HttpResponseBase:
        """Download. The answer never changes for a version, and carries its digests."""
        release = queries.get_release(name, version)
        check_served(release)
        artifact = get_artifact(release)
        headers = build_headers(release, artifact, is_pinned=version == release.version)
        if matches_etag(request, headers["ETag"]):
            return respond_unchanged(headers, artifact.size_bytes)
        part = read_range(self._get_range_header(request, headers["ETag"]), artifact.size_bytes)
        answer = self._stream(request, artifact, part, headers)
        # Resuming and probing clients ask for later parts: only a beginning is a download.
        if request.method == "GET" and (part is None or part.start == 0):
            count_download(release.pk)
        return answer

    def _get_range_header(self, request: Request, etag: str) -> str | None:
        """Range, unless If-Range says that the client has another file (or a weak tag).

        Only GET has ranges: RFC 9110, section 14.2.
        """
        if request.method != "GET" or request.headers.get("If-Range") not in (None, etag):
            return None
        return request.headers.get("Range")

    def _stream(
        self, request: Request, artifact: Artifact, part: ByteRange | None, headers: dict[str, str]
    ) -> HttpResponseBase:
        size = artifact.size_bytes
        asked = part or ByteRange(0, size)
        headers["Content-Length"] = str(asked.stop - asked.start)
        if part is not None:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        status = 200 if part is None else 206
        kind = "application/gzip"
        if request.method == "HEAD":
            return HttpResponse(content_type=kind, headers=headers)
        chunks = get_store().open_range(make_package_key(artifact.digest), asked.start, asked.stop)
        return StreamingHttpResponse(chunks, status=status, content_type=kind, headers=headers)


def build_headers(release: Release, artifact: Artifact, *, is_pinned: bool) -> dict[str, str]:
    """The headers that describe the file, the same for every part of it."""
    sha256 = base64.b64encode(bytes.fromhex(artifact.sha256)).decode("ascii")
    sha512 = base64.b64encode(bytes.fromhex(artifact.sha512)).decode("ascii")
    plain = release.plugin.name.removeprefix("@").replace("/", "-")
    return {
        "ETag": f'"{artifact.sha256}"',
        "Cache-Control": _FOREVER if is_pinned else _MOVING,
        "Accept-Ranges": "bytes",
        "Digest": f"sha-256={sha256}",
        "Repr-Digest": f"sha-256=:{sha256}:, sha-512=:{sha512}:",
        "Content-Disposition": f'attachment; filename="{plain}-{release.version}.tgz"',
        "X-Content-Type-Options": "nosniff",
    }
