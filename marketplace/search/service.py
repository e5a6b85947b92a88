"""Finding plugins, for pages and the API: whatever happens, there is an answer, and it is true.

The engine says which plugins and in which order. The rows come from the database, and only those
that are listed and fit the filters there: an index that is behind can hide or reorder, never lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce

from marketplace.models import SearchCursor
from marketplace.search import guard, recording
from marketplace.search.engines import database, get_engine
from marketplace.search.highlights import Highlight, correct_query, highlight_plugins
from marketplace.search.query import (
    FACETS,
    NO_FACETS,
    VERIFIED,
    Facets,
    SearchPage,
    SearchQuery,
)
from marketplace.search.words import read_query
from registry.models import JournalEntry, Plugin
from registry.queries import Page

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
    """The plugins that match: 2 queries with words; up to 5 without, or if the engine is away.

    Without words the database lists, and the engine counts the facets. The search is recorded
    unless it is a further page, or the caller says no. Raises `QueryError` for an unknown order.
    """
    found = _find_words(query) if query.text.strip() else _list(query)
    if is_recorded and query.page == 1 and query.text.strip():
        results = 0 if found.is_partial else found.page.total
        recording.record_search(query, results)
    return found


def _find_words(query: SearchQuery) -> Found:
    asked = replace(query, hidden=read_hidden())
    answer = guard.ask(lambda engine: engine.search(asked))
    if answer is None:
        return _degrade(query)
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


def _list(query: SearchQuery) -> Found:
    page = database.list_page(query)
    if not query.facets:
        return Found(page, NO_FACETS, database.NAME)
    counted = replace(query, limit=0, page=1, hidden=read_hidden())
    answer = guard.ask(lambda engine: engine.search(counted))
    if answer is None:
        facets = database.count_facets(query, page.total)
        return Found(page, facets, database.NAME, is_degraded=True)
    return Found(page, answer.facets, answer.engine)


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


def read_hidden() -> frozenset[int]:
    """Plugins that were unlisted and may still be in the index: 1 query.

    They are in the journal behind the cursor. So nothing leaks in the moment between a change
    and its indexing, not even as a count.
    """
    sql, parameters = _write_hidden(get_engine().name, connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return frozenset(number for (number,) in cursor.fetchall())


@cache
def _write_hidden(engine: str, _vendor: str) -> tuple[str, tuple[Any, ...]]:
    """The statement of `read_hidden`, which is the same each time: writing it takes longest."""
    serial = SearchCursor.objects.filter(engine=engine).values("serial")
    behind = JournalEntry.objects.filter(serial__gt=Coalesce(Subquery(serial), Value(0)))
    rows = Plugin.objects.filter(is_listed=False, name__in=behind.values("plugin"))
    sql, parameters = rows.values_list("id").query.sql_with_params()
    return sql, tuple(parameters)


def _read_rows(query: SearchQuery, answer: SearchPage) -> list[Plugin]:
    """The rows of the page in their order: 1 query."""
    rows = Plugin.objects.filter(is_listed=True).in_bulk(answer.ids)
    plugins = [rows[number] for number in answer.ids if number in rows]
    plugins = [plugin for plugin in plugins if _fits(plugin, query)]
    # Counters and times of the index may be minutes old; what is shown beside each row decides.
    match query.sort:
        case "downloads":
            plugins.sort(key=lambda plugin: -plugin.downloads)
        case "rating":
            plugins.sort(key=lambda plugin: -plugin.rating)
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
    hidden = read_hidden()
    ids = guard.ask(lambda engine: engine.suggest(prefix, limit, hidden))
    if ids is None:
        return database.suggest(prefix, limit)
    rows = Plugin.objects.filter(is_listed=True).in_bulk(ids)
    return [rows[number] for number in ids if number in rows]


def facet_search(facet: str, text: str, query: SearchQuery | None = None) -> list[tuple[str, int]]:
    """Values of a facet that begin so, with counts among what the query matches: 1 query.

    Without an engine, those among the counts of `find`. Raises `KeyError` for what is no facet.
    """
    if facet not in FACETS:
        raise KeyError(facet)
    asked = replace(query or SearchQuery(), hidden=read_hidden())
    values = guard.ask(lambda engine: engine.facet_search(facet, text, asked))
    if values is not None:
        return values
    counted = _degrade(asked).facets[facet]
    wanted = text.strip().casefold()
    return [pair for pair in counted.items() if pair[0].casefold().startswith(wanted)]
