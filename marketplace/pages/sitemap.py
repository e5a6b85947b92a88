"""`/sitemap.xml` and its parts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from marketplace.outlets import sitemap
from marketplace.outlets.answer import make_headers
from plugport.spec.errors import MissingError

_SECONDS = 3_600


@require_safe
def show_sitemap(request: HttpRequest) -> StreamingHttpResponse:
    """Every address, or where there are too many for one file, the parts."""
    parts = sitemap.list_parts()
    if sitemap.needs_index(parts):
        return _respond(sitemap.write_index(parts))
    return _respond(sitemap.write_addresses(sitemap.list_everything()))


@require_safe
def show_part(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """One part. Raises `MissingError` where there is nothing in it."""
    addresses = sitemap.list_part(number) if 0 < number < 1 << 32 else iter(())
    first = next(addresses, None)
    if first is None:
        raise MissingError(f"There is no part {number} of the sitemap.")
    return _respond(sitemap.write_addresses(chain([first], addresses)))


def _respond(pieces: Iterator[str]) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        _join(pieces), content_type="application/xml; charset=utf-8", headers=make_headers(_SECONDS)
    )


def _join(pieces: Iterator[str]) -> Iterator[bytes]:
    """The pieces in blocks: a write for each address would take longer than to read it."""
    block: list[str] = []
    for piece in pieces:
        block.append(piece)
        if len(block) == 500:
            yield "".join(block).encode()
            block.clear()
    yield "".join(block).encode()
