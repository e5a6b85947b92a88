"""What answers when no engine does: the database, with plain matching of words.

It knows no typing errors and no relevance beyond a whole or begun name, and it counts facets
only among what matches, up to a limit. Nobody notices more than that.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from django.conf import settings
from django.db.models import Q

from marketplace.search.query import FACET_VALUES, FACETS, NO_FACETS, Facets, SearchQuery
from registry import queries
from registry.catalogue.filter import PluginFilter
from registry.models import Plugin
from registry.queries import Page

NAME = "database"
# Counting reads a document a plugin; beyond this many it would take longer than people wait.
_COUNTED = 2000


def list_page(query: SearchQuery) -> Page:
    """The rows that match, from the database alone: 2 queries."""
    if query.filters.get("registry", settings.REGISTRY_NAME) not in ("", settings.REGISTRY_NAME):
        return Page([], 0, query.page, query.limit)
    return queries.list_plugins(_make_filter(query))


def _make_filter(query: SearchQuery) -> PluginFilter:
    """The query as the registry's lists take it."""
    chosen = query.filters
    return PluginFilter(
        q=query.text,
        kind=chosen.get("type", ""),
        category=chosen.get("category", ""),
        tag=chosen.get("tag", ""),
        author=chosen.get("author", ""),
        trust=chosen.get("trust", ""),
        license=chosen.get("license", ""),
        dialect=chosen.get("dialect", ""),
        verified=query.is_verified,
        sort=query.sort,
        page=query.page,
        limit=query.limit,
    )


def count_facets(query: SearchQuery, total: int) -> Facets:
    """The counts of what matches: 1 query; none where more than 2,000 plugins match."""
    if not total or total > _COUNTED:
        return NO_FACETS
    everything = replace(query, page=1, limit=_COUNTED, sort="name")
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for plugin in queries.list_plugins(_make_filter(everything)).plugins:
        public = plugin.document
        values = {
            "type": [plugin.kind],
            "trust": [plugin.trust],
            "license": [plugin.license],
            "dialect": [plugin.dialect],
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
    rows = Plugin.objects.filter(begins, is_listed=True)
    return list(rows.order_by("-downloads", "id")[:limit])
