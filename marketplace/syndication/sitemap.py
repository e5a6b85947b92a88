"""Sitemaps for search engines (sitemaps.org, protocol 0.9).

Up to 50,000 URLs are one file. A larger registry has an index at `/sitemap.xml` that lists parts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from xml.sax.saxutils import escape

from django.urls import reverse

from marketplace.docs_site.guides import PAGES
from marketplace.queries.sitemap import (
    MAX_CATEGORIES,
    SitemapPart,
    get_part_range,
    iter_category_slugs,
    iter_plugin_changes,
    iter_scope_names,
)
from marketplace.search.search_urls import build_taxonomy_path
from marketplace.syndication.atom import build_url

MAX_URLS = 50_000
_FIXED_URL_NAMES = ("home", "categories", "tags", "docs", "docs-api", "docs-errors", "contact")
_XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@dataclass(frozen=True, slots=True)
class SitemapUrl:
    """A path of this registry, and when its content changed, if that is known."""

    path: str
    changed_at: dt.datetime | None = None


def needs_index(parts: Iterable[SitemapPart]) -> bool:
    """Whether the URLs do not fit into one file."""
    fixed = len(_FIXED_URL_NAMES) + len(PAGES) + MAX_CATEGORIES
    return sum(part.addresses for part in parts) + fixed > MAX_URLS


def iter_urls() -> Iterator[SitemapUrl]:
    """All URLs: 3 queries, read in chunks."""
    return chain(_iter_pages(), _iter_scopes(0, None), _iter_plugins(0, None))


def iter_part_urls(number: int) -> Iterator[SitemapUrl]:
    """The URLs of a part: 2 queries, 3 for the first part, read in chunks."""
    start, end = get_part_range(number)
    pages = _iter_pages() if number == 1 else iter(())
    return chain(pages, _iter_scopes(start, end), _iter_plugins(start, end))


def _iter_pages() -> Iterator[SitemapUrl]:
    yield from (SitemapUrl(reverse(name)) for name in _FIXED_URL_NAMES)
    yield from (SitemapUrl(page.path) for page in PAGES)
    yield from (SitemapUrl(build_taxonomy_path("category", slug)) for slug in iter_category_slugs())


def _iter_scopes(start: int, end: int | None) -> Iterator[SitemapUrl]:
    for name in iter_scope_names(start, end):
        yield SitemapUrl(reverse("scope", args=[name]))


def _iter_plugins(start: int, end: int | None) -> Iterator[SitemapUrl]:
    for name, changed_at in iter_plugin_changes(start, end):
        yield SitemapUrl(f"/plugins/{name}", changed_at)


def iter_urlset_xml(urls: Iterable[SitemapUrl]) -> Iterator[str]:
    """A sitemap file, in pieces."""
    yield f"{_XML_DECLARATION}<urlset {_NAMESPACE}>\n"
    for url in urls:
        yield f"<url>{_render_location(url.path, url.changed_at)}</url>\n"
    yield "</urlset>\n"


def iter_index_xml(parts: Iterable[SitemapPart]) -> Iterator[str]:
    """The sitemap index, in pieces."""
    yield f"{_XML_DECLARATION}<sitemapindex {_NAMESPACE}>\n"
    for part in parts:
        path = reverse("sitemap-part", args=[part.number])
        yield f"<sitemap>{_render_location(path, part.changed_at)}</sitemap>\n"
    yield "</sitemapindex>\n"


def _render_location(path: str, changed_at: dt.datetime | None) -> str:
    location = f"<loc>{escape(build_url(path))}</loc>"
    if changed_at is None:
        return location
    return f"{location}<lastmod>{changed_at.isoformat(timespec='seconds')}</lastmod>"
