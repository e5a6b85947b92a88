"""The addresses that search engines may show (sitemaps.org, protocol 0.9).

Up to 50,000 of them are one file. Beyond that `/sitemap.xml` lists parts, and part `n` holds the
plugins and the scopes whose ids lie in the `n`-th range: an address never moves to another part,
and a part is read by its range of the primary key, whatever the size of the catalogue.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any
from xml.sax.saxutils import escape

from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    QuerySet,
)
from django.urls import reverse

from marketplace.handbook import PAGES
from marketplace.outlets.atom import make_url
from marketplace.pages.address import make_heading_path
from registry.models import Category, Plugin, Scope

MOST = 50_000
# Of plugins and of scopes, so that both and the fixed pages stay below `MOST` together.
IDS_A_PART = 24_000
_MOST_CATEGORIES = 1_000
_CHUNK = 1_000
_FIXED = ("home", "categories", "tags", "docs", "docs-api", "docs-errors")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@dataclass(frozen=True, slots=True)
class Address:
    """A path of ours, and when what it shows changed, if that is known."""

    path: str
    changed_at: dt.datetime | None = None


@dataclass(slots=True)
class Part:
    """A part of the index: its number from 1, how many addresses, when the newest changed."""

    number: int
    addresses: int = 0
    changed_at: dt.datetime | None = None


def list_parts() -> list[Part]:
    """The parts that hold something, first to last: 2 queries. The first holds the fixed pages."""
    parts = {1: Part(1)}
    plugins = _count_by_part(Plugin.objects.filter(is_listed__in=[True]))
    for row in plugins.annotate(changed_at=Max("updated_at")):
        parts[row["number"]] = Part(**row)
    for row in _count_by_part(_list_used_scopes()):
        parts.setdefault(row["number"], Part(row["number"])).addresses += row["addresses"]
    return [parts[number] for number in sorted(parts)]


def _count_by_part(rows: QuerySet[Any]) -> Any:
    number = ExpressionWrapper((F("id") - 1) / IDS_A_PART + 1, output_field=BigIntegerField())
    return rows.order_by().annotate(number=number).values("number").annotate(addresses=Count("id"))


def needs_index(parts: Iterable[Part]) -> bool:
    """Whether there are more addresses than one file may hold."""
    fixed = len(_FIXED) + len(PAGES) + _MOST_CATEGORIES
    return sum(part.addresses for part in parts) + fixed > MOST


def list_everything() -> Iterator[Address]:
    """Every address: 3 queries, read as they are used."""
    return chain(_list_pages(), _list_scopes(0, None), _list_plugins(0, None))


def list_part(number: int) -> Iterator[Address]:
    """The addresses of a part: 2 queries, 3 for the first, read as they are used."""
    start = (number - 1) * IDS_A_PART
    end = start + IDS_A_PART
    pages = _list_pages() if number == 1 else iter(())
    return chain(pages, _list_scopes(start, end), _list_plugins(start, end))


def _list_pages() -> Iterator[Address]:
    yield from (Address(reverse(name)) for name in _FIXED)
    yield from (Address(page.path) for page in PAGES)
    used = Category.objects.filter(plugin_count__gt=0).order_by("-plugin_count", "slug")
    for slug in used.values_list("slug", flat=True)[:_MOST_CATEGORIES]:
        yield Address(make_heading_path("category", slug))


def _list_scopes(start: int, end: int | None) -> Iterator[Address]:
    """The scopes whose ids lie after `start` and up to `end`."""
    rows = _list_used_scopes().filter(pk__gt=start).order_by("pk")
    if end is not None:
        rows = rows.filter(pk__lte=end)
    for name in rows.values_list("name", flat=True).iterator(_CHUNK):
        yield Address(reverse("scope", args=[name]))


def _list_used_scopes() -> QuerySet[Scope]:
    """The scopes with a listed plugin."""
    listed = Plugin.objects.filter(scope=OuterRef("pk"), is_listed=True)
    return Scope.objects.filter(Exists(listed))


def _list_plugins(start: int, end: int | None) -> Iterator[Address]:
    rows = Plugin.objects.filter(is_listed=True, pk__gt=start).order_by("pk")
    if end is not None:
        rows = rows.filter(pk__lte=end)
    for name, changed_at in rows.values_list("name", "updated_at").iterator(_CHUNK):
        yield Address(f"/plugins/{name}", changed_at)


def write_addresses(addresses: Iterable[Address]) -> Iterator[str]:
    """A file of addresses, piece by piece."""
    yield f"{_HEAD}<urlset {_SPACE}>\n"
    for address in addresses:
        yield f"<url>{_describe(address.path, address.changed_at)}</url>\n"
    yield "</urlset>\n"


def write_index(parts: Iterable[Part]) -> Iterator[str]:
    """The file that names the parts."""
    yield f"{_HEAD}<sitemapindex {_SPACE}>\n"
    for part in parts:
        path = reverse("sitemap-part", args=[part.number])
        yield f"<sitemap>{_describe(path, part.changed_at)}</sitemap>\n"
    yield "</sitemapindex>\n"


def _describe(path: str, changed_at: dt.datetime | None) -> str:
    place = f"<loc>{escape(make_url(path))}</loc>"
    if changed_at is None:
        return place
    return f"{place}<lastmod>{changed_at.isoformat(timespec='seconds')}</lastmod>"
