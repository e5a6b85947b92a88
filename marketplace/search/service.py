"""Search for pages and the API. It always returns results, and never outdated rows.

The engine returns which plugins match, in which order. The rows come from the database, and only
those that are listed and match the filters there: an index that is behind can omit or misplace a
plugin, but not show one that was withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from django.conf import settings

from common.http.errors import QueryError
from marketplace.search import circuit_breaker, query_log
from marketplace.search.bayesian_rating import compute_grade
from marketplace.search.engines import database, get_engine
from marketplace.search.engines.base import SearchEngine
from marketplace.search.errors import IndexOutdatedError
from marketplace.search.highlights import Highlight, correct_query, highlight_plugins
from marketplace.search.query import (
    FACETS,
    NO_FACETS,
    SORTS,
    VERIFIED_LEVELS,
    Facets,
    SearchPage,
    SearchQuery,
)
from marketplace.search.tokenizer import parse_query
from marketplace.search.withdrawn_ids import HiddenIds, find_hidden_ids
from plugport.spec.text import quote_text
from registry.models import Plugin
from registry.queries.catalog import Page, list_by_ids

T = TypeVar("T")
MAX_SUGGESTIONS = 20


@dataclass(frozen=True, slots=True)
class SearchResults:
    """One page of plugins with facet counts.

    `highlights` maps plugin ids to the texts (`name`, `displayName`, `description`) with matches.
    `did_you_mean` is a corrected query. `is_partial`: no plugin has all words, these have most of
    them. `is_degraded`: the results come from the database, not from the engine. `is_current`: the index
    had every public change when the search began. `record` is for `query_log.record_repeated_search`,
    "" if the search is not recorded.
    """

    page: Page
    facets: Facets
    engine: str
    highlights: Mapping[int, Mapping[str, Highlight]] = field(default_factory=dict)
    did_you_mean: str | None = None
    is_partial: bool = False
    is_degraded: bool = False
    is_current: bool = False
    record: str = ""


def search_plugins(query: SearchQuery, *, is_recorded: bool = True) -> SearchResults:
    """Search plugins, with words or without: 2 queries; up to 5 if the engine does not respond.

    Records the first page of a search with words if `is_recorded`. Raises `QueryError` for an
    unknown order.
    """
    if query.sort not in SORTS:
        raise QueryError(
            f"sort {quote_text(query.sort)} is not known", hint=f"Allowed: {', '.join(SORTS)}."
        )
    answer = _query_engine(
        lambda engine, hidden: (engine.search(_restrict(query, hidden)), hidden.is_complete)
    )
    results = _search_database(query) if answer is None else _build_results(query, *answer)
    # A partial result counts as none: operators need to see which searches fail.
    if is_recorded and query.page == 1 and query.text.strip():
        number = 0 if results.is_partial else results.page.total
        query_log.record_search(query, number)
        results = replace(results, record=query_log.build_record(query, number))
    return results


def _build_results(query: SearchQuery, answer: SearchPage, is_current: bool) -> SearchResults:
    """Combine the engine's results with the current rows: 1 query."""
    plugins = _list_rows(query, answer)
    words = parse_query(query.text)
    # Rows that were dropped from this page do not count; on other pages they are unknown.
    total = max(0, answer.total - (len(answer.ids) - len(plugins)))
    return SearchResults(
        page=Page(plugins, total, query.page, query.limit),
        facets=answer.facets,
        engine=answer.engine,
        highlights=highlight_plugins(words, plugins),
        did_you_mean=correct_query(words, plugins) if words.words else None,
        is_partial=answer.is_partial,
        is_current=is_current,
    )


def _search_database(query: SearchQuery) -> SearchResults:
    page = database.list_page(query)
    facets = database.get_facets(query, page.total) if query.facets else NO_FACETS
    words = parse_query(query.text)
    return SearchResults(
        page=page,
        facets=facets,
        engine=database.NAME,
        highlights=highlight_plugins(words, page.plugins),
        is_degraded=True,
    )


def _query_engine(act: Callable[[SearchEngine, HiddenIds], T]) -> T | None:
    """The engine's results without hidden plugins; None if the database must be used: 1 query.

    If the index turns out to be older than the cursor, for example restored from a backup, 1 query
    more: plugins withdrawn since then are hidden until the worker has indexed the changes again.
    """
    # Before the search: the index only gets newer in between. A plugin withdrawn after this query
    # is still removed by `list_by_ids`.
    hidden = find_hidden_ids(get_engine().name)
    answer = _call_engine(act, hidden)
    if isinstance(answer, IndexOutdatedError):
        hidden = find_hidden_ids(get_engine().name, serial=answer.serial)
        answer = _call_engine(act, hidden)
    return None if isinstance(answer, IndexOutdatedError) else answer


def _call_engine(
    act: Callable[[SearchEngine, HiddenIds], T], hidden: HiddenIds | None
) -> T | IndexOutdatedError | None:
    if hidden is None:
        return None

    def run(engine: SearchEngine) -> T | IndexOutdatedError:
        # Not a failure: the same engine can answer for its position.
        try:
            return act(engine, hidden)
        except IndexOutdatedError as error:
            return error

    return circuit_breaker.call_engine(run)


def _restrict(query: SearchQuery, hidden: HiddenIds) -> SearchQuery:
    return replace(query, hidden=hidden.ids, min_serial=hidden.serial)


def _list_rows(query: SearchQuery, answer: SearchPage) -> list[Plugin]:
    """The rows of the page in their order: 1 query."""
    plugins = [plugin for plugin in list_by_ids(answer.ids) if _is_match(plugin, query)]
    # The index may be minutes behind on counters. Sort again, so that the order matches the numbers
    # that readers see next to each row.
    match query.sort:
        case "downloads":
            plugins.sort(key=lambda plugin: -plugin.downloads)
        case "rating":
            plugins.sort(key=lambda plugin: -compute_grade(plugin.rating, plugin.rating_count))
        case "recent":
            plugins.sort(key=lambda plugin: plugin.updated_at, reverse=True)
    return plugins


def _is_match(plugin: Plugin, query: SearchQuery) -> bool:
    """Whether the current row matches the filters."""
    chosen = {name: value for name, value in query.filters.items() if value}
    if query.is_verified is not None and (plugin.trust in VERIFIED_LEVELS) != query.is_verified:
        return False
    if not chosen:
        return True
    public = plugin.document
    values: dict[str, Sequence[str]] = {
        "type": (plugin.kind,),
        "trust": (plugin.trust,),
        "license": (plugin.license,),
        "dialect": (plugin.dialect,),
        "author": (plugin.author_name,),
        "registry": (public.get("registry", settings.REGISTRY_NAME),),
        "category": [slug[:60] for slug in public.get("categories", ())],
        "tag": [slug[:60] for slug in public.get("tags", ())],
    }
    return all(value in values[name] for name, value in chosen.items())


def suggest(prefix: str, *, limit: int = 8) -> list[Plugin]:
    """Listed plugins to suggest while a user types: 2 queries; none for an empty prefix."""
    prefix, limit = prefix.strip(), max(1, min(limit, MAX_SUGGESTIONS))
    if not prefix:
        return []
    ids = _query_engine(
        lambda engine, hidden: engine.suggest(prefix, limit, hidden.ids, hidden.serial)
    )
    if ids is None:
        return database.suggest(prefix, limit)
    return list_by_ids(ids)


def facet_search(facet: str, text: str, query: SearchQuery | None = None) -> list[tuple[str, int]]:
    """Values of a facet that start with the text, with their counts in the results: 1 query.

    Without an engine, only values that `search_plugins` counts. Raises `KeyError` for an unknown
    facet.
    """
    if facet not in FACETS:
        raise KeyError(facet)
    search = query or SearchQuery()
    values = _query_engine(
        lambda engine, hidden: engine.facet_search(facet, text, _restrict(search, hidden))
    )
    if values is not None:
        return values
    counts = _search_database(search).facets[facet]
    prefix = text.strip().casefold()
    return [pair for pair in counts.items() if pair[0].casefold().startswith(prefix)]
