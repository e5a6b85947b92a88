"""Sitemaps for search engines (sitemaps.org, protocol 0.9).

A registry that needs more than one part has an index at `/sitemap.xml` that lists them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from django.urls import reverse

from marketplace.docs_site.guides import PAGES
from marketplace.queries.sitemap import (
    SitemapPart,
    list_category_slugs,
    list_plugin_changes,
    list_scope_names,
)
from marketplace.search.search_urls import build_taxonomy_path
from marketplace.syndication.atom import build_url

_FIXED_URL_NAMES = ("home", "categories", "tags", "docs", "docs-api", "docs-errors", "contact")
_XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@dataclass(frozen=True, slots=True)
class SitemapUrl:
    """A path of this registry, and when its content changed, if that is known."""

    path: str
    changed_at: dt.datetime | None = None


def list_part_urls(number: int) -> list[SitemapUrl]:
    """The URLs of a part: 2 queries, 3 for the first part."""
    scopes = [SitemapUrl(reverse("profile", args=[name])) for name in list_scope_names(number)]
    plugins = [SitemapUrl(f"/plugins/{name}", at) for name, at in list_plugin_changes(number)]
    return [*(_iter_pages() if number == 1 else ()), *scopes, *plugins]


def _iter_pages() -> Iterator[SitemapUrl]:
    yield from (SitemapUrl(reverse(name)) for name in _FIXED_URL_NAMES)
    yield from (SitemapUrl(page.path) for page in PAGES)
    yield from (SitemapUrl(build_taxonomy_path("category", slug)) for slug in list_category_slugs())


def render_urlset(urls: Iterable[SitemapUrl]) -> bytes:
    """A sitemap file."""
    rows = [f"<url>{_render_location(url.path, url.changed_at)}</url>\n" for url in urls]
    return f"{_XML_DECLARATION}<urlset {_NAMESPACE}>\n{''.join(rows)}</urlset>\n".encode()


def render_index(parts: Iterable[SitemapPart]) -> bytes:
    """The sitemap index."""
    rows = [
        f"<sitemap>{_render_location(reverse('sitemap-part', args=[part.number]), part.changed_at)}"
        "</sitemap>\n"
        for part in parts
    ]
    return (
        f"{_XML_DECLARATION}<sitemapindex {_NAMESPACE}>\n{''.join(rows)}</sitemapindex>\n".encode()
    )


def _render_location(path: str, changed_at: dt.datetime | None) -> str:
    location = f"<loc>{escape(build_url(path))}</loc>"
    if changed_at is None:
        return location
    return f"{location}<lastmod>{changed_at.isoformat(timespec='seconds')}</lastmod>"
