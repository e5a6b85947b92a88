"""Pictures: those of a release, and remote ones that READMEs show."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from marketplace.images.address import read_path
from marketplace.images.errors import ImagesBusyError, NotAnImageError, UnknownImageError
from marketplace.images.fetching import get_images
from marketplace.images.placeholder import draw_placeholder
from marketplace.images.sniff import SVG, sniff_image
from marketplace.readme.place import MAX_PICTURE_BYTES
from plugport.spec.text import show
from registry import queries
from registry.api.conditional import matches_etag, respond_unchanged
from registry.contents import find_file, read_release_file
from registry.policies import check_served

_AN_HOUR = "public, max-age=3600"
# A release may be blocked at any time: a picture of it is soon asked for again, by its ETag.
_A_MOMENT = "public, max-age=300"
# A picture that is opened by itself is a document of this origin: it gets to do nothing.
_CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_safe
def show_raw(request: HttpRequest, name: str, version: str, path: str) -> HttpResponse:
    """A picture out of a release, as it is. Whatever else a release has is not served so.

    2 queries. Raises `UnknownFileError`, `NotAnImageError`, and what reading a file raises.
    """
    release = queries.get_release(name, version)
    if release.version != version:
        return redirect("raw", name=release.plugin.name, version=release.version, path=path)
    check_served(release)
    etag = f'"{find_file(release, path)["sha256"]}"'
    content = read_release_file(release, path, max_bytes=MAX_PICTURE_BYTES)
    media_type = sniff_image(content)
    if media_type is None:
        raise NotAnImageError(
            f"{show(path)} is not a picture.", hint="The page of the release shows its files."
        )
    return _respond(request, content, media_type, etag=etag, cache=_A_MOMENT)


@require_safe
def show_image(request: HttpRequest, signature: str, payload: str) -> HttpResponse:
    """A remote picture that a README shows: no query. Raises `UnknownImageError`.

    One that cannot be had is a placeholder with its label; one that is still to come is 202.
    """
    if settings.README_IMAGES != "proxy":
        raise UnknownImageError("This registry shows no pictures of other places.")
    url, label = read_path(signature, payload)
    try:
        found = get_images().get(url)
    except ImagesBusyError:
        # Nothing is wrong. Without a body, so that the page knows that it should ask again.
        return HttpResponse(status=202, headers={"Retry-After": "2", "Cache-Control": "no-store"})
    if found.failure:
        drawn = draw_placeholder(label)
        return _respond(request, drawn, SVG, etag="", cache=_A_MOMENT)
    return _respond(request, found.body, found.media_type, etag=found.etag, cache=_AN_HOUR)


def _respond(
    request: HttpRequest, body: bytes, media_type: str, *, etag: str, cache: str
) -> HttpResponse:
    headers = {
        "Content-Type": media_type,
        "Content-Security-Policy": _CSP,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": cache,
        **({"ETag": etag} if etag else {}),
    }
    if etag and matches_etag(request, etag):
        return respond_unchanged(headers, len(body))
    return HttpResponse(body, headers=headers)
