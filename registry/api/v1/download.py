"""`/plugins/{name}/{version}/download`: the package, or a range of its bytes.

`registry.downloads.sending` decides how the bytes reach the client. `Repr-Digest` is RFC 9530, `Digest`
its predecessor RFC 3230.
"""

from __future__ import annotations

import base64

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView
from common.api.conditional import matches_etag, respond_not_modified
from common.http.client_address import get_client_network
from registry.api.v1.parameters import NAME, VERSION
from registry.api.viewers import get_token_viewer
from registry.downloads.range_header import parse_range
from registry.downloads.sending import CountedDownload, Transfer, get_sender
from registry.downloads.surrogate_keys import build_surrogate_headers
from registry.models import Artifact, Release
from registry.policies import check_served
from registry.queries import catalog
from registry.queries.catalog import get_artifact
from registry.storage.keys import build_package_key

# The bytes of a version never change, but its release may be blocked at any time: caches that are not
# purged serve it for five minutes at most. While the registry fails, a stale package is better than none.
MAX_AGE_SECONDS, STALE_IF_ERROR_SECONDS = 300, 86_400
_PACKAGE_CACHE = f"public, max-age={MAX_AGE_SECONDS}, stale-if-error={STALE_IF_ERROR_SECONDS}"
# A dist-tag moves, so caches must revalidate what it points at.
_REVALIDATE_CACHE = "public, no-cache"


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
            302: OpenApiResponse(
                description="The registry keeps packages on S3 and redirects to them. The URL is"
                " valid for a minute."
            ),
        },
    )
    def get(self, request: Request, name: str, version: str) -> HttpResponseBase:
        """Download the package. The bytes of a version never change; headers have their digests."""
        release = catalog.get_release(name, version, get_token_viewer(request))
        check_served(release)
        artifact = get_artifact(release)
        headers = build_headers(release, artifact, is_pinned=version == release.version)
        # Before the range: If-None-Match has precedence (RFC 9110, section 13.2.2).
        if matches_etag(request, headers["ETag"]):
            return respond_not_modified(headers, artifact.size_bytes)
        range_header = _find_range_header(request, headers["ETag"])
        part = parse_range(range_header, artifact.size_bytes)
        download = CountedDownload(
            release.pk,
            release.plugin.name,
            get_client_network(request),
            is_public=not release.plugin.is_restricted,
        )
        transfer = Transfer(
            build_package_key(artifact.digest),
            artifact.size_bytes,
            headers,
            part=part,
            download=download,
            ignores_range=bool(range_header) and part is None,
        )
        if request.method == "HEAD":
            return HttpResponse(headers=transfer.build_range_headers())
        return get_sender().send(transfer)


def _find_range_header(request: Request, etag: str) -> str | None:
    """Return the Range header if it applies, else None."""
    # Only GET has ranges (RFC 9110, section 14.2). If-Range needs a strong match, which weak ETags
    # never are (section 13.1.5).
    if request.method != "GET" or request.headers.get("If-Range") not in (None, etag):
        return None
    return request.headers.get("Range")


def build_headers(release: Release, artifact: Artifact, *, is_pinned: bool) -> dict[str, str]:
    """Return the headers that are the same for every range of the file."""
    sha256 = base64.b64encode(bytes.fromhex(artifact.sha256)).decode("ascii")
    sha512 = base64.b64encode(bytes.fromhex(artifact.sha512)).decode("ascii")
    return {
        "Content-Type": "application/gzip",
        "ETag": f'"{artifact.sha256}"',
        "Cache-Control": _PACKAGE_CACHE if is_pinned else _REVALIDATE_CACHE,
        "Accept-Ranges": "bytes",
        "Digest": f"sha-256={sha256}",
        "Repr-Digest": f"sha-256=:{sha256}:, sha-512=:{sha512}:",
        "Content-Disposition": f'attachment; filename="{build_package_filename(release)}"',
        # No browser should guess that a package is HTML and run it on this origin.
        "X-Content-Type-Options": "nosniff",
        **build_surrogate_headers(release.plugin.name, release.version),
    }


def build_package_filename(release: Release) -> str:
    """Return the name under which a browser saves the package."""
    return f"{release.plugin.name.removeprefix('@').replace('/', '-')}-{release.version}.tgz"
