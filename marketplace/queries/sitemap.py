"""Reads for the sitemap. Each function states how many SQL queries it runs.

Part `n` of the sitemap has the plugins and scopes whose ids are in the `n`-th range of
`IDS_PER_PART`, so that a URL never moves to another part, and reading a part scans one range of the
primary key at any size of the catalog. Parts are small, so that building one costs what a page costs.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    QuerySet,
)

from registry.models import Category, Plugin, Scope

# For plugins and for scopes. A million plugins are 250 parts; an index may list 50,000.
IDS_PER_PART = 4_000
MAX_CATEGORIES = 1_000


@dataclass(slots=True)
class SitemapPart:
    """A part of the index: its number from 1, and the last change of a plugin in it."""

    number: int
    changed_at: dt.datetime | None = None


def has_one_part() -> bool:
    """Whether the first part has all URLs: 2 queries, 1 if plugins need more."""
    models: tuple[type[Plugin | Scope], ...] = (Plugin, Scope)
    return not any(model.objects.filter(pk__gt=IDS_PER_PART).exists() for model in models)


def list_parts() -> list[SitemapPart]:
    """The parts with content, in order: 2 queries. The first part also has the fixed pages.

    Reads an index of all plugins, which takes 0.4 seconds for a million.
    """
    parts = {1: SitemapPart(1)}
    plugins = _group_by_part(Plugin.objects.filter(is_listed__in=[True]))
    for row in plugins.annotate(changed_at=Max("updated_at")):
        parts[row["number"]] = SitemapPart(**row)
    for row in _group_by_part(_filter_used_scopes()).distinct():
        parts.setdefault(row["number"], SitemapPart(row["number"]))
    return [parts[number] for number in sorted(parts)]


def list_category_slugs() -> list[str]:
    """The slugs of the largest categories, at most `MAX_CATEGORIES`: 1 query."""
    used = Category.objects.filter(plugin_count__gt=0).order_by("-plugin_count", "slug")
    return list(used.values_list("slug", flat=True)[:MAX_CATEGORIES])


def list_scope_names(number: int) -> list[str]:
    """The names of scopes with a listed plugin in the part: 1 query."""
    return list(_limit_ids(_filter_used_scopes(), number).values_list("name", flat=True))


def list_plugin_changes(number: int) -> list[tuple[str, dt.datetime]]:
    """Name and last change of the listed plugins in the part: 1 query."""
    rows = _limit_ids(Plugin.objects.filter(is_listed=True), number)
    return list(rows.values_list("name", "updated_at"))


def _group_by_part(rows: QuerySet[Any]) -> Any:
    number = ExpressionWrapper((F("id") - 1) / IDS_PER_PART + 1, output_field=BigIntegerField())
    return rows.order_by().annotate(number=number).values("number")


def _filter_used_scopes() -> QuerySet[Scope]:
    listed = Plugin.objects.filter(scope=OuterRef("pk"), is_listed=True)
    return Scope.objects.filter(Exists(listed))


def _limit_ids(rows: QuerySet[Any], number: int) -> QuerySet[Any]:
    end = number * IDS_PER_PART
    return rows.filter(pk__gt=end - IDS_PER_PART, pk__lte=end).order_by("pk")
