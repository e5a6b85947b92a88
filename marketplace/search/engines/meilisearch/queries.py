"""Searches in Meilisearch's terms."""

from __future__ import annotations

from typing import Any

from marketplace.search.engines.meilisearch.settings import ATTRIBUTES, SORTS
from marketplace.search.query import VERIFIED, SearchQuery
from marketplace.search.words import MAX_WORDS, split_words

ALL, PARTS = "all", "last"


def clean_text(text: str) -> str:
    """The words alone: quotes and minus signs would be orders to Meilisearch."""
    return " ".join(split_words(text)[:MAX_WORDS])


def build_searches(index: str, query: SearchQuery, strategy: str) -> list[dict[str, Any]]:
    """The bodies of one multi-search: the page, then one for each facet that is counted openly."""
    open_ones = list_open_facets(query)
    closed = [ATTRIBUTES[name] for name in query.facets if name not in open_ones]
    page = {
        **_build_search(index, query, strategy, ""),
        "facets": closed,
        # Page 0 asks for numbers only.
        "page": query.page if query.limit else 0,
        "hitsPerPage": query.limit or 1,
    }
    if query.sort in SORTS:
        page["sort"] = SORTS[query.sort]
    elif not query.text.strip():
        page["sort"] = SORTS["downloads"]
    counts = [
        {
            **_build_search(index, query, strategy, name),
            "facets": [ATTRIBUTES[name]],
            "page": 0,
            "hitsPerPage": 1,
        }
        for name in open_ones
    ]
    return [page, *counts]


def list_open_facets(query: SearchQuery) -> list[str]:
    """The facets to count as if they were not filtered."""
    if not query.has_open_facets:
        return []
    return [
        name
        for name in query.facets
        if query.filters.get(name) or (name == "trust" and query.is_verified is not None)
    ]


def _build_search(index: str, query: SearchQuery, strategy: str, without: str) -> dict[str, Any]:
    return {
        "indexUid": index,
        "q": clean_text(query.text),
        "filter": build_filter(query, without=without),
        "matchingStrategy": strategy,
        "attributesToRetrieve": ["id"],
    }


def build_filter(query: SearchQuery, *, without: str = "") -> list[str]:
    """The filters of a search, all of which must hold; that of the facet `without` left out."""
    parts = [
        f"{ATTRIBUTES[name]} = {_quote(value)}" if can_quote(value) else "id = -1"
        for name, value in query.filters.items()
        if value and name != without
    ]
    if query.is_verified is not None and without != "trust":
        levels = ", ".join(map(_quote, VERIFIED))
        parts.append(f"trust {'IN' if query.is_verified else 'NOT IN'} [{levels}]")
    if query.hidden:
        parts.append(f"id NOT IN [{', '.join(map(str, sorted(query.hidden)))}]")
    return parts


def can_quote(value: str) -> bool:
    """Whether a filter can say the value: a backslash before a quote always escapes it."""
    return not value.endswith("\\") and '\\"' not in value


def _quote(value: str) -> str:
    escaped = value.replace('"', '\\"')
    return f'"{escaped}"'
