"""Search in the database alone, when the engine does not respond.

It matches words as substrings, without typing errors, ranks matches in names first, and counts
facets only up to `MAX_COUNTED_PLUGINS` matches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from django.conf import settings
from django.db.models import Case, Q, QuerySet, When
from django.db.models.expressions import OrderBy

from marketplace.search.bayesian_rating import ORDER_BY_GRADE
from marketplace.search.query import (
    FACETS,
    MAX_FACET_VALUES,
    NO_FACETS,
    VERIFIED_LEVELS,
    Facets,
    SearchQuery,
)
from registry.models import Plugin
from registry.queries.catalog import Page, list_by_ids

NAME = "database"
# Counting reads the document of every match, which takes too long for a page beyond this number.
MAX_COUNTED_PLUGINS = 2000
# `IN (1)`, because SQLite does not use an index for a bare boolean.
_LISTED = Plugin.objects.filter(is_listed__in=[True])
# Each word adds three LIKE conditions, which no index serves.
_MAX_WORDS = 8
_COLUMNS = {
    "type": "kind",
    "category": "categories__slug",
    "tag": "tags__slug",
    "trust": "trust",
    "license": "license",
    "dialect": "dialect",
    "author": "author_name",
}
_Order: TypeAlias = str | Case | OrderBy
# Each order has an index of its own, except the grade. `id` makes the order of equal values stable.
_ORDERS: dict[str, Sequence[_Order]] = {
    "relevance": ("-downloads", "id"),
    "downloads": ("-downloads", "id"),
    "rating": ORDER_BY_GRADE,
    "recent": ("-updated_at", "id"),
    "name": ("name",),
}


def list_page(query: SearchQuery) -> Page:
    """A page of matching plugins: 3 queries, or 1 for a page without rows."""
    rows = filter_plugins(_LISTED, query)
    total = rows.count()
    if query.offset >= total:
        return Page([], total, query.page, query.limit)
    # Ids first: an index covers them, so the rows of earlier pages are not read.
    ordered = rows.order_by(*get_order(query)).values_list("pk", flat=True)
    ids = list(ordered[query.offset : query.offset + query.limit])
    return Page(list_by_ids(ids), total, query.page, query.limit)


def filter_plugins(rows: QuerySet[Plugin], query: SearchQuery) -> QuerySet[Plugin]:
    """Select, of the plugins, those with the words and the filters of the query."""
    for name, value in query.filters.items():
        if name == "registry":
            rows = rows if value in ("", settings.REGISTRY_NAME) else rows.none()
        elif value:
            rows = rows.filter(**{_COLUMNS[name]: value})
    if query.is_verified is not None:
        verified = Q(trust__in=VERIFIED_LEVELS)
        rows = rows.filter(verified if query.is_verified else ~verified)
    for word in query.text.split()[:_MAX_WORDS]:
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(display_name__icontains=word)
            | Q(description__icontains=word)
        )
    return rows


def get_order(query: SearchQuery) -> Sequence[_Order]:
    """The order; by relevance, names that equal the text come first, then names that contain it."""
    text = "-".join(query.text.split())
    if query.sort != "relevance" or not text:
        return _ORDERS[query.sort]
    is_name = Q(name__iexact=text) | Q(name__iendswith=f"/{text}")
    rank = Case(When(is_name, then=0), When(name__icontains=text, then=1), default=2)
    return (rank, *_ORDERS["relevance"])


def get_facets(query: SearchQuery, total: int) -> Facets:
    """The facet counts of the matches: 1 query; empty if too many plugins match."""
    if not total or total > MAX_COUNTED_PLUGINS:
        return NO_FACETS
    counts = count_values(filter_plugins(_LISTED, query))
    return {name: sort_counts(counter) for name, counter in counts.items()}


def count_values(rows: QuerySet[Plugin]) -> dict[str, Counter[str]]:
    """The number of plugins with each value of each facet: 1 query, which reads all rows."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    columns = rows.values_list("kind", "trust", "license", "dialect", "document")
    for kind, trust, license_, dialect, public in columns:
        values = {
            "type": [kind],
            "trust": [trust],
            "license": [license_],
            "dialect": [dialect],
            "registry": [public.get("registry", "")],
            "category": public.get("categories", ()),
            "tag": public.get("tags", ()),
        }
        for name, plugin_values in values.items():
            counts[name].update(value for value in set(plugin_values) if value)
    return counts


def sort_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent values of a facet, first those with most plugins."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return dict(ordered[:MAX_FACET_VALUES])


def suggest(prefix: str, limit: int) -> list[Plugin]:
    """Listed plugins whose name, with or without its scope, starts with the prefix: 1 query."""
    return list_by_prefix(_LISTED, prefix, limit)


def list_by_prefix(rows: QuerySet[Plugin], prefix: str, limit: int) -> list[Plugin]:
    """The same, of the plugins in `rows`."""
    has_prefix = Q(name__istartswith=prefix) | Q(name__icontains=f"/{prefix}")
    return list(rows.filter(has_prefix).order_by("-downloads", "id")[:limit])
