"""Reads for the sitemap. Each function states how many SQL queries it runs.

Part `n` of the sitemap has the plugins and scopes whose ids are in the `n`-th range of
`IDS_PER_PART`, so that a URL never moves to another part, and reading a part scans one range of the
primary key at any size of the catalog.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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

from registry.models import Category, Plugin, Scope

# For plugins and for scopes: both, with the fixed pages, fit into one file of a sitemap.
IDS_PER_PART = 24_000
MAX_CATEGORIES = 1_000
_CHUNK_ROWS = 1_000


@dataclass(slots=True)
class SitemapPart:
    """A part of the index: its number from 1, its number of URLs, and its last change."""

    number: int
    addresses: int = 0
    changed_at: dt.datetime | None = None


def list_parts() -> list[SitemapPart]:
    """The parts with content, in order: 2 queries. The first part also has the fixed pages."""
    parts = {1: SitemapPart(1)}
    plugins = _group_by_part(Plugin.objects.filter(is_listed__in=[True]))
    for row in plugins.annotate(changed_at=Max("updated_at")):
        parts[row["number"]] = SitemapPart(**row)
    for row in _group_by_part(_filter_used_scopes()):
        parts.setdefault(row["number"], SitemapPart(row["number"])).addresses += row["addresses"]
    return [parts[number] for number in sorted(parts)]


def get_part_range(number: int) -> tuple[int, int]:
    """The ids of a part: greater than the first value, and at most the second."""
    start = (number - 1) * IDS_PER_PART
    return start, start + IDS_PER_PART


def iter_category_slugs() -> Iterator[str]:
    """The slugs of the largest categories, at most `MAX_CATEGORIES`: 1 query."""
    used = Category.objects.filter(plugin_count__gt=0).order_by("-plugin_count", "slug")
    yield from used.values_list("slug", flat=True)[:MAX_CATEGORIES]


def iter_scope_names(start: int = 0, end: int | None = None) -> Iterator[str]:
    """The names of scopes with a listed plugin and ids in the range: 1 query, read in chunks."""
    rows = _limit_ids(_filter_used_scopes(), start, end)
    yield from rows.values_list("name", flat=True).iterator(_CHUNK_ROWS)


def iter_plugin_changes(
    start: int = 0, end: int | None = None
) -> Iterator[tuple[str, dt.datetime]]:
    """Name and last change of listed plugins with ids in the range: 1 query, read in chunks."""
    rows = _limit_ids(Plugin.objects.filter(is_listed=True), start, end)
    yield from rows.values_list("name", "updated_at").iterator(_CHUNK_ROWS)


def _group_by_part(rows: QuerySet[Any]) -> Any:
    number = ExpressionWrapper((F("id") - 1) / IDS_PER_PART + 1, output_field=BigIntegerField())
    return rows.order_by().annotate(number=number).values("number").annotate(addresses=Count("id"))


def _filter_used_scopes() -> QuerySet[Scope]:
    listed = Plugin.objects.filter(scope=OuterRef("pk"), is_listed=True)
    return Scope.objects.filter(Exists(listed))


def _limit_ids(rows: QuerySet[Any], start: int, end: int | None) -> QuerySet[Any]:
    rows = rows.filter(pk__gt=start).order_by("pk")
    return rows if end is None else rows.filter(pk__lte=end)
