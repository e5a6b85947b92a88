"""Search for a viewer: what everybody finds, and before it what only this viewer may see.

No index has a plugin that is not public, so no index can show one: not by a count, a suggestion, a
corrected word, or an error of a filter. An account may see few such plugins, and the database finds
them. They come first, whatever the order, and have it among themselves; totals, pages and facets
include them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from marketplace.search import service
from marketplace.search.engines import database
from marketplace.search.highlights import highlight_plugins
from marketplace.search.query import NO_FACETS, SORTS, Facets, SearchQuery
from marketplace.search.service import SearchResults
from marketplace.search.tokenizer import parse_query
from registry.models import Plugin
from registry.queries.catalog import HAS_CLOSED_OWNER, Page
from registry.queries.visible import Viewer, list_restricted


@dataclass(frozen=True, slots=True)
class _OwnMatches:
    """The matches that are not public: their ids in the order of the query, and their facets."""

    ids: Sequence[int]
    facets: Facets


def search_for(viewer: Viewer, query: SearchQuery, *, is_recorded: bool = True) -> SearchResults:
    """Search as `service.search_plugins`, for the viewer.

    For an account 1 query more; if it may see plugins that are not public, 2 or 3 more, 1 for each
    facet that is open, and those of a second page of the engine. Raises `QueryError`.
    """
    rows = _select_own(viewer)
    # An unknown order is refused below.
    if query.sort not in SORTS or rows is None or not rows.exists():
        return service.search_plugins(query, is_recorded=is_recorded)
    own = _find_own(rows, query)
    viewer.has_seen_restricted = True
    return _merge(
        query, own, _load(own.ids[query.offset : query.offset + query.limit]), is_recorded
    )


def _select_own(viewer: Viewer) -> QuerySet[Plugin] | None:
    return list_restricted(viewer).filter(latest__isnull=False) if viewer.is_signed_in else None


def _find_own(rows: QuerySet[Plugin], query: SearchQuery) -> _OwnMatches:
    """The matches: 1 query, 1 more for facets, and 1 for each open facet."""
    matches = database.filter_plugins(rows, query)
    ids = list(matches.order_by(*database.get_order(query)).values_list("pk", flat=True))
    if not query.facets or len(ids) > database.MAX_COUNTED_PLUGINS:
        return _OwnMatches(ids, NO_FACETS)
    facets: dict[str, Mapping[str, int]] = dict(database.count_values(matches))
    for name in query.open_facets:
        filters = {key: value for key, value in query.filters.items() if key != name}
        is_verified = None if name == "trust" else query.is_verified
        others = replace(query, filters=filters, is_verified=is_verified)
        facets[name] = database.count_values(database.filter_plugins(rows, others))[name]
    return _OwnMatches(ids, {name: facets[name] for name in query.facets})


def _load(ids: Sequence[int]) -> list[Plugin]:
    """The plugins in the order of their ids: 1 query, none without ids."""
    if not ids:
        return []
    rows = Plugin.objects.filter(pk__in=ids).annotate(has_closed_owner=HAS_CLOSED_OWNER)
    plugins = {plugin.pk: plugin for plugin in rows}
    return [plugins[key] for key in ids if key in plugins]


def _merge(
    query: SearchQuery, own: _OwnMatches, shown: list[Plugin], is_recorded: bool
) -> SearchResults:
    """Fill the page with what everybody finds, which begins where the own matches end."""
    first = max(0, query.offset - len(own.ids))
    page, skipped = first // query.limit + 1, first % query.limit
    results = service.search_plugins(
        replace(query, page=page), is_recorded=is_recorded and query.page == 1
    )
    public = list(results.page.plugins[skipped:])
    missing = query.limit - len(shown) - len(public)
    if skipped and missing > 0 and results.page.has_more:
        # The page of the engine begins before the rest of this page.
        rest = service.search_plugins(replace(query, page=page + 1, facets=()), is_recorded=False)
        public += rest.page.plugins
    total, facets = results.page.total, results.facets
    if results.is_partial and own.ids:
        # An own plugin has all words, so those with most of them are no answer.
        public, total, facets = [], 0, NO_FACETS
    plugins = [*shown, *public[: query.limit - len(shown)]]
    return replace(
        results,
        page=Page(plugins, total + len(own.ids), query.page, query.limit),
        facets=_add_up(facets, own.facets),
        highlights=highlight_plugins(parse_query(query.text), plugins),
        is_partial=results.is_partial and not own.ids,
    )


def _add_up(public: Facets, own: Facets) -> Facets:
    names = [*public, *(name for name in own if name not in public)]
    summed = {}
    for name in names:
        counts = dict(public.get(name, {}))
        for value, number in own.get(name, {}).items():
            counts[value] = counts.get(value, 0) + number
        summed[name] = database.sort_counts(counts)
    return summed


def suggest_for(viewer: Viewer, prefix: str, *, limit: int = 8) -> list[Plugin]:
    """Suggest as `service.suggest`, own plugins first: 1 query more for an account."""
    rows, prefix = _select_own(viewer), prefix.strip()
    limit = max(1, min(limit, service.MAX_SUGGESTIONS))
    own = database.list_by_prefix(rows, prefix, limit) if rows is not None and prefix else []
    for plugin in own:
        viewer.note(plugin)
    return [*own, *service.suggest(prefix, limit=limit)][:limit]


def facet_search_for(
    viewer: Viewer, facet: str, text: str, query: SearchQuery
) -> list[tuple[str, int]]:
    """Find values as `service.facet_search`, with the counts of own plugins: 1 query more for an account.

    Raises `KeyError` for an unknown facet.
    """
    values = service.facet_search(facet, text, query)
    rows = _select_own(viewer)
    if rows is None:
        return values
    prefix = text.strip().casefold()
    own = database.count_values(database.filter_plugins(rows, query))[facet]
    found = {value: own[value] for value in own if value.casefold().startswith(prefix)}
    if not found:
        return values
    viewer.has_seen_restricted = True
    return list(_add_up({facet: dict(values)}, {facet: found})[facet].items())
