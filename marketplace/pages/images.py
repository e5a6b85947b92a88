"""Images in READMEs: files of a release, and remote images through the proxy."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from common.api.conditional import matches_etag, respond_not_modified
from marketplace.images.content_type import SVG, sniff_image
from marketplace.images.errors import ImagesBusyError, NotAnImageError, UnknownImageError
from marketplace.images.fetching import get_image_cache
from marketplace.images.placeholder import render_placeholder
from marketplace.images.signed_urls import parse_path
from marketplace.readme.link_base import MAX_IMAGE_BYTES
from plugport.spec.text import quote_text
from registry.api.viewers import get_page_viewer
from registry.downloads.surrogate_keys import build_surrogate_headers
from registry.models import Release
from registry.policies import check_served
from registry.queries import catalog
from registry.queries.package_files import get_file_entry, load_release_file
from registry.visibility import Audience

_CACHE_ONE_HOUR = "public, max-age=3600"
# A release may be blocked at any time, so browsers revalidate its images soon, by ETag.
_CACHE_FIVE_MINUTES = "public, max-age=300"
# An SVG opened on its own is a document of this origin and may contain scripts (CWE-79): the sandbox
# takes its origin and its scripts away.
_CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_safe
def serve_release_image(request: HttpRequest, name: str, version: str, path: str) -> HttpResponse:
    """Serve an image of a release, unchanged: 2 queries.

    Other files are refused: HTML from an author must not run on this origin. Raises
    `UnknownFileError`, `NotAnImageError`, and the errors of `load_release_file`.
    """
    release = catalog.get_release(name, version, get_page_viewer(request))
    # A dist-tag moves, so its response must not be cached under a stable URL.
    if release.version != version:
        return redirect(
            "release-image", name=release.plugin.name, version=release.version, path=path
        )
    # Before the ETag: a 304 would confirm the content of a blocked release.
    check_served(release)
    etag = f'"{get_file_entry(release, path)["sha256"]}"'
    content, media_type = load_image(release, path)
    response = build_image_response(
        request, content, media_type, etag=etag, cache=_CACHE_FIVE_MINUTES
    )
    keys = build_surrogate_headers(release.plugin.name, release.version)
    for header, value in keys.items():
        response.headers[header] = value
    return response


def load_image(
    release: Release, path: str, *, audience: Audience = Audience.EVERYONE
) -> tuple[bytes, str]:
    """Load an image of a release; return it and its media type.

    Raises `UnknownFileError`, `NotAnImageError`, and the errors of `load_release_file`.
    """
    content = load_release_file(release, path, max_bytes=MAX_IMAGE_BYTES, audience=audience)
    media_type = sniff_image(content)
    if media_type is None:
        raise NotAnImageError(
            f"{quote_text(path)} is not an image.", hint="See the Files tab of the release."
        )
    return content, media_type


@require_safe
def serve_remote_image(request: HttpRequest, signature: str, payload: str) -> HttpResponse:
    """Serve a remote image of a README: no query. Raises `UnknownImageError`.

    An image that cannot be fetched is replaced by a placeholder with its alternative text. While
    the image is being fetched, the status is 202.
    """
    if settings.README_IMAGES != "proxy":
        raise UnknownImageError("This registry does not show remote images.")
    # The signature proves that this registry wrote the URL: otherwise the proxy would fetch any URL
    # for anybody (SSRF, CWE-918).
    url, label = parse_path(signature, payload)
    try:
        image = get_image_cache().get(url)
    except ImagesBusyError:
        # Not an error. The empty body fails to load as an image, so the script of the page retries.
        return HttpResponse(status=202, headers={"Retry-After": "2", "Cache-Control": "no-store"})
    if image.failure:
        placeholder = render_placeholder(label)
        return build_image_response(request, placeholder, SVG, etag="", cache=_CACHE_FIVE_MINUTES)
    return build_image_response(
        request, image.body, image.media_type, etag=image.etag, cache=_CACHE_ONE_HOUR
    )


def build_image_response(
    request: HttpRequest, body: bytes, media_type: str, *, etag: str, cache: str
) -> HttpResponse:
    """Return an image that runs nothing, even if a browser opens it as a document."""
    headers = {
        "Content-Type": media_type,
        "Content-Security-Policy": _CSP,
        # Browsers must not reinterpret an author's bytes as HTML or script.
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": cache,
        **({"ETag": etag} if etag else {}),
    }
    if etag and matches_etag(request, etag):
        return respond_not_modified(headers, len(body))
    return HttpResponse(body, headers=headers)
