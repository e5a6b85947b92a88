"""`/simple/`: the command line as a package index of one project (PEP 503)."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from common.cache_marks import InvalidatedBy, cacheable
from marketplace.client_wheel.store import get_wheel
from marketplace.syndication.http_cache import (
    build_cache_headers,
    build_cacheable_response,
)
from plugport.spec.errors import MissingError
from plugport.spec.text import quote_text

# A new version of the registry has a new wheel, which installers must find soon.
_INDEX_SECONDS = 60
_WHEEL_SECONDS = 3_600
_PROJECT = "plugport"
_HTML = "text/html; charset=utf-8"


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_projects(request: HttpRequest) -> HttpResponseBase:
    """The list of projects, which has one entry."""
    return _render_links(
        request, "Projects", format_html('<a href="{}/">{}</a>', _PROJECT, _PROJECT)
    )


@require_safe
def render_files(request: HttpRequest) -> HttpResponseBase:
    """The files of the project, with their hashes. Raises `ClientNotBuiltError`."""
    wheel = get_wheel()
    link = format_html(
        '<a href="{}#sha256={}" data-requires-python="{}">{}</a>',
        # Absolute from the root: the page may be reached through a redirect.
        reverse("client-wheel", args=[wheel.filename]),
        wheel.sha256,
        wheel.requires_python,
        wheel.filename,
    )
    return _render_links(request, "Links for plugport", link)


@require_safe
def serve_wheel(request: HttpRequest, filename: str) -> HttpResponseBase:
    """Send the wheel. Raises `MissingError` for other files, `ClientNotBuiltError`."""
    wheel = get_wheel()
    # Compared, never joined to a path.
    if filename != wheel.filename:
        raise MissingError(
            f"There is no file {quote_text(filename)}.",
            hint=f"The current file is `{wheel.filename}`.",
        )
    return FileResponse(
        wheel.path.open("rb"),
        content_type="application/octet-stream",
        headers={
            **build_cache_headers(_WHEEL_SECONDS),
            "Content-Length": str(wheel.size_bytes),
            "ETag": f'"{wheel.sha256}"',
        },
    )


def _render_links(request: HttpRequest, title: str, link: str) -> HttpResponseBase:
    page = format_html(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="pypi:repository-version" content="1.0">\n<title>{}</title>\n</head>\n'
        "<body>\n<h1>{}</h1>\n{}\n</body>\n</html>\n",
        title,
        title,
        link,
    )
    return build_cacheable_response(
        request, page.encode(), content_type=_HTML, seconds=_INDEX_SECONDS
    )
