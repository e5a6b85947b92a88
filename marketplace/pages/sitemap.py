"""`/sitemap.xml` and its parts (sitemaps.org, protocol 0.9)."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from common.cache_marks import InvalidatedBy, cacheable
from common.expensive.results import build_key, get_code_digest, get_result_cache
from common.expensive.turns import Turns
from marketplace.queries.sitemap import has_one_part, list_parts
from marketplace.syndication import sitemap
from marketplace.syndication.http_cache import build_cacheable_response
from plugport.spec.errors import MissingError

# A new plugin may appear in the sitemap an hour late.
_MAX_AGE_SECONDS = 3_600
# The index has dates of parts and no names, so it shows nothing that was blocked.
INDEX_SECONDS = 600
# In one web process: requests that build the index or wait for it, each in a thread.
index_turns = Turns(max_pending=2)


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def serve_sitemap(request: HttpRequest) -> HttpResponseBase:
    """Serve all URLs, or an index of the parts: 5 queries, 3 for an index, 1 for a stored one.

    Raises `ServerBusyError`.
    """
    body = sitemap.render_urlset(sitemap.list_part_urls(1)) if has_one_part() else _load_index()
    return _build_response(request, body)


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def serve_sitemap_part(request: HttpRequest, number: int) -> HttpResponseBase:
    """Serve one part. Raises `MissingError` if the part is empty."""
    # Ids are 32 bits; a larger number would overflow the query on PostgreSQL.
    urls = sitemap.list_part_urls(number) if 0 < number < 1 << 19 else []
    if not urls:
        raise MissingError(f"The sitemap has no part {number}.")
    return _build_response(request, sitemap.render_urlset(urls))


def _load_index() -> bytes:
    """The index of the current ten minutes: from the disk, else built by one thread at a time.

    The time is spent in the database, without the interpreter lock, so no other process is needed.
    """
    key = build_key(
        get_code_digest(str(sitemap.__file__)),
        settings.BASE_URL,
        "sitemap index",
        int(time.time() // INDEX_SECONDS),
    )
    cache = get_result_cache()
    if (stored := cache.get(key)) is not None:
        return stored
    with index_turns.take(max_seconds=settings.COMPUTATION_SECONDS):
        # Another thread or process may have built it meanwhile.
        if (stored := cache.get(key)) is not None:
            return stored
        index = sitemap.render_index(list_parts())
        cache.put(key, index)
        return index


def _build_response(request: HttpRequest, body: bytes) -> HttpResponseBase:
    return build_cacheable_response(
        request,
        body,
        content_type="application/xml; charset=utf-8",
        seconds=_MAX_AGE_SECONDS,
    )
