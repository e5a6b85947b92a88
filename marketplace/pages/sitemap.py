"""`/sitemap.xml` and its parts (sitemaps.org, protocol 0.9)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from marketplace.queries.sitemap import list_parts
from marketplace.syndication import sitemap
from marketplace.syndication.http_cache import build_cache_headers
from plugport.spec.errors import MissingError

# A new plugin may appear in the sitemap an hour late.
_MAX_AGE_SECONDS = 3_600


@require_safe
def serve_sitemap(request: HttpRequest) -> StreamingHttpResponse:
    """Serve all URLs, or an index of the parts if they exceed one file."""
    parts = list_parts()
    if sitemap.needs_index(parts):
        return _build_response(sitemap.iter_index_xml(parts))
    return _build_response(sitemap.iter_urlset_xml(sitemap.iter_urls()))


@require_safe
def serve_sitemap_part(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """Serve one part. Raises `MissingError` if the part is empty."""
    # Ids are 32 bits; a larger number would overflow the query on PostgreSQL.
    addresses = sitemap.iter_part_urls(number) if 0 < number < 1 << 32 else iter(())
    first = next(addresses, None)
    if first is None:
        raise MissingError(f"The sitemap has no part {number}.")
    return _build_response(sitemap.iter_urlset_xml(chain([first], addresses)))


def _build_response(pieces: Iterator[str]) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        _iter_blocks(pieces),
        content_type="application/xml; charset=utf-8",
        headers=build_cache_headers(_MAX_AGE_SECONDS),
    )


def _iter_blocks(pieces: Iterator[str]) -> Iterator[bytes]:
    """Join pieces into blocks: one write per URL would cost more than reading it from the database."""
    block: list[str] = []
    for piece in pieces:
        block.append(piece)
        if len(block) == 500:
            yield "".join(block).encode()
            block.clear()
    yield "".join(block).encode()
