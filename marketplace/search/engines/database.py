"""What answers when no engine does: the database, with plain matching of words.

It knows no typing errors and no relevance beyond words in the name, and it counts facets only
among what matches, up to a limit. Nobody notices more than that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from django.conf import settings
from django.db.models import Case, Q, QuerySet, When
from django.db.models.expressions import OrderBy

from marketplace.search.grade import BY_GRADE
from marketplace.search.query import (
    FACET_VALUES,
    FACETS,
    NO_FACETS,
    VERIFIED,
    Facets,
    SearchQuery,
)
from registry.models import Plugin
from registry.queries import Page, list_by_ids

NAME = "database"
# Counting reads a document a plugin; beyond this many it would take longer than people wait.
_COUNTED = 2000
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
# Each but the first and the grade is an index of its own; `id` decides where counters are equal.
_ORDERS: dict[str, Sequence[_Order]] = {
    "relevance": ("-downloads", "id"),
    "downloads": ("-downloads", "id"),
    "rating": BY_GRADE,
    "recent": ("-updated_at", "id"),
    "name": ("name",),
}


def list_page(query: SearchQuery) -> Page:
    """The rows that match, from the database alone: 3 queries, 1 for a page without rows."""
    rows = _match(query)
    total = rows.count()
    if query.offset >= total:
        return Page([], total, query.page, query.limit)
    # Ids first: an index has them, and the rows of the pages before are not looked at.
    ordered = rows.order_by(*_choose_order(query)).values_list("pk", flat=True)
    ids = list(ordered[query.offset : query.offset + query.limit])
    return Page(list_by_ids(ids), total, query.page, query.limit)


def _match(query: SearchQuery) -> QuerySet[Plugin]:
    # `IN (1)`, because SQLite uses no index for a bare boolean.
    rows = Plugin.objects.filter(is_listed__in=[True])
    for name, value in query.filters.items():
        if name == "registry":
            rows = rows if value in ("", settings.REGISTRY_NAME) else rows.none()
        elif value:
            rows = rows.filter(**{_COLUMNS[name]: value})
    if query.is_verified is not None:
        good = Q(trust__in=VERIFIED)
        rows = rows.filter(good if query.is_verified else ~good)
    for word in query.text.split()[:_MAX_WORDS]:
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(display_name__icontains=word)
            | Q(description__icontains=word)
        )
    return rows


def _choose_order(query: SearchQuery) -> Sequence[_Order]:
    """By relevance, names that are the text come first, then those that have it in them."""
    text = "-".join(query.text.split())
    if query.sort != "relevance" or not text:
        return _ORDERS[query.sort]
    is_name = Q(name__iexact=text) | Q(name__iendswith=f"/{text}")
    place = Case(When(is_name, then=0), When(name__icontains=text, then=1), default=2)
    return (place, *_ORDERS["relevance"])


def count_facets(query: SearchQuery, total: int) -> Facets:
    """The counts of what matches: 1 query; none where more than 2,000 plugins match."""
    if not total or total > _COUNTED:
        return NO_FACETS
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    rows = _match(query).values_list("kind", "trust", "license", "dialect", "document")
    for kind, trust, license_, dialect, public in rows:
        values = {
            "type": [kind],
            "trust": [trust],
            "license": [license_],
            "dialect": [dialect],
            "registry": [public.get("registry", "")],
            "category": public.get("categories", ()),
            "tag": public.get("tags", ()),
        }
        for name, found in values.items():
            counts[name].update(value for value in set(found) if value)
    return {
        name: dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:FACET_VALUES])
        for name, counted in counts.items()
    }


def suggest(prefix: str, limit: int) -> list[Plugin]:
    """Listed plugins whose name begins so, with or without its scope: 1 query."""
    begins = Q(name__istartswith=prefix) | Q(name__icontains=f"/{prefix}")
    rows = Plugin.objects.filter(begins, is_listed__in=[True])
    return list(rows.order_by("-downloads", "id")[:limit])
