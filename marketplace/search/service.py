"""Finding plugins, for pages and the API: whatever happens, there is an answer, and it is true.

The engine says which plugins and in which order. The rows come from the database, and only those
that are listed and fit the filters there: an index that is behind can hide or reorder, never lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from django.conf import settings

from marketplace.search import guard, recording
from marketplace.search.behind import read_hidden
from marketplace.search.engines import database, get_engine
from marketplace.search.engines.base import SearchEngine
from marketplace.search.grade import compute_grade
from marketplace.search.highlights import Highlight, correct_query, highlight_plugins
from marketplace.search.query import (
    FACETS,
    NO_FACETS,
    SORTS,
    VERIFIED,
    Facets,
    SearchPage,
    SearchQuery,
)
from marketplace.search.words import read_query
from plugport.spec.text import show
from registry.errors import QueryError
from registry.models import Plugin
from registry.queries import Page, list_by_ids

T = TypeVar("T")
MAX_SUGGESTIONS = 20


@dataclass(frozen=True, slots=True)
class Found:
    """One page of plugins, and what else there is to say about the search.

    `highlights` maps a plugin's id to its texts (`name`, `displayName`, `description`) with the
    words that were meant. `did_you_mean` is a better spelling. `is_partial`: nothing has all the
    words, these have most. `is_degraded`: the engine does not answer, the database did.
    """

    page: Page
    facets: Facets
    engine: str
    highlights: Mapping[int, Mapping[str, Highlight]] = field(default_factory=dict)
    did_you_mean: str | None = None
    is_partial: bool = False
    is_degraded: bool = False


def find(query: SearchQuery, *, is_recorded: bool = True) -> Found:
    """The plugins that match, with words or without: 2 queries; up to 5 if the engine is away.

    A search with words is recorded unless it is for a further page, or the caller says no. Raises
    `QueryError` for an unknown order.
    """
    if query.sort not in SORTS:
        raise QueryError(
            f"sort {show(query.sort)} is not known", hint=f"Allowed: {', '.join(SORTS)}."
        )
    answer = _ask(lambda engine, hidden: engine.search(replace(query, hidden=hidden)))
    found = _degrade(query) if answer is None else _complete(query, answer)
    if is_recorded and query.page == 1 and query.text.strip():
        recording.record_search(query, 0 if found.is_partial else found.page.total)
    return found


def _complete(query: SearchQuery, answer: SearchPage) -> Found:
    """What the engine answered, with the rows as they are now: 1 query."""
    plugins = _read_rows(query, answer)
    words = read_query(query.text)
    total = max(0, answer.total - (len(answer.ids) - len(plugins)))
    return Found(
        page=Page(plugins, total, query.page, query.limit),
        facets=answer.facets,
        engine=answer.engine,
        highlights=highlight_plugins(words, plugins),
        did_you_mean=correct_query(words, plugins) if words.words else None,
        is_partial=answer.is_partial,
    )


def _degrade(query: SearchQuery) -> Found:
    page = database.list_page(query)
    facets = database.count_facets(query, page.total) if query.facets else NO_FACETS
    words = read_query(query.text)
    return Found(
        page=page,
        facets=facets,
        engine=database.NAME,
        highlights=highlight_plugins(words, page.plugins),
        is_degraded=True,
    )


def _ask(act: Callable[[SearchEngine, frozenset[int]], T]) -> T | None:
    """What the engine answers without what is hidden; None if the database has to: 1 query."""
    hidden = read_hidden(get_engine().name)
    return None if hidden is None else guard.ask(lambda engine: act(engine, hidden))


def _read_rows(query: SearchQuery, answer: SearchPage) -> list[Plugin]:
    """The rows of the page in their order: 1 query."""
    plugins = [plugin for plugin in list_by_ids(answer.ids) if _fits(plugin, query)]
    # Counters and times of the index may be minutes old; what is shown beside each row decides.
    match query.sort:
        case "downloads":
            plugins.sort(key=lambda plugin: -plugin.downloads)
        case "rating":
            plugins.sort(key=lambda plugin: -compute_grade(plugin.rating, plugin.rating_count))
        case "recent":
            plugins.sort(key=lambda plugin: plugin.updated_at, reverse=True)
    return plugins


def _fits(plugin: Plugin, query: SearchQuery) -> bool:
    """Whether the row, as it is now, has what the filters ask for."""
    chosen = {name: value for name, value in query.filters.items() if value}
    if query.is_verified is not None and (plugin.trust in VERIFIED) != query.is_verified:
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
    """Listed plugins to offer while somebody types: 2 queries. Nothing for an empty prefix."""
    prefix, limit = prefix.strip(), max(1, min(limit, MAX_SUGGESTIONS))
    if not prefix:
        return []
    ids = _ask(lambda engine, hidden: engine.suggest(prefix, limit, hidden))
    if ids is None:
        return database.suggest(prefix, limit)
    return list_by_ids(ids)


def facet_search(facet: str, text: str, query: SearchQuery | None = None) -> list[tuple[str, int]]:
    """Values of a facet that begin so, with counts among what the query matches: 1 query.

    Without an engine, those among the counts of `find`. Raises `KeyError` for what is no facet.
    """
    if facet not in FACETS:
        raise KeyError(facet)
    asked = query or SearchQuery()
    values = _ask(
        lambda engine, hidden: engine.facet_search(facet, text, replace(asked, hidden=hidden))
    )
    if values is not None:
        return values
    counted = _degrade(asked).facets[facet]
    wanted = text.strip().casefold()
    return [pair for pair in counted.items() if pair[0].casefold().startswith(wanted)]
