"""Searches in Meilisearch's terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

from marketplace.search.engines.meilisearch.settings import ATTRIBUTES, SORTS, mark_value
from marketplace.search.query import VERIFIED, SearchQuery
from marketplace.search.words import read_query

# Every word must be there. The server's own ways to leave words out begin at the end of the query,
# or with the most frequent ones, and never leave out the one that matters to them.
ALL = "all"


def clean_text(text: str) -> str:
    """The words that count: quotes and minus signs would be orders to Meilisearch."""
    return " ".join(read_query(text).words)


def is_nothing(text: str) -> bool:
    """Whether there is a text without a word in it: Meilisearch would find everything."""
    return bool(text.strip()) and not clean_text(text)


def build_searches(index: str, query: SearchQuery) -> list[dict[str, Any]]:
    """The bodies of one multi-search: the page, then one for each facet that is counted openly."""
    open_ones = list_open_facets(query)
    closed = [ATTRIBUTES[name] for name in query.facets if name not in open_ones]
    page = {
        **_build_search(index, query),
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
            **_build_search(index, query, without=name),
            "facets": [ATTRIBUTES[name]],
            "page": 0,
            "hitsPerPage": 1,
        }
        for name in open_ones
    ]
    return [page, *counts]


def list_parts(query: SearchQuery) -> list[list[SearchQuery]]:
    """Searches for less words, in groups: all words but one, then any one."""
    words = read_query(query.text)
    most, count = [], len(words.words)
    if count > 2:
        most = [*combinations(words.words, count - 1)]
    # A run is one word, in however many pieces it is looked for.
    groups = [most, [part for part in words.parts if len(part) < count]]
    return [[replace(query, text=" ".join(part)) for part in group] for group in groups if group]


def build_probe(index: str, query: SearchQuery) -> dict[str, Any]:
    """The body of a search for how many there are, and how good the best one is."""
    return {
        **_build_search(index, query),
        "page": 1,
        "hitsPerPage": 1,
        "showRankingScore": True,
        "showRankingScoreDetails": True,
    }


def may_err_in_each(query: SearchQuery, probe: Mapping[str, Any]) -> bool:
    """Whether the best result of several words may have none of them as it was written."""
    # A server that was cut off in time says nothing of typing errors.
    typo = probe["hits"][0].get("_rankingScoreDetails", {}).get("typo", {})
    return int(typo.get("typoCount", 0)) >= len(clean_text(query.text).split())


def build_exact_probes(index: str, query: SearchQuery) -> list[dict[str, Any]]:
    """The bodies of searches with one word each as it was written: first among the others, then alone."""
    words = clean_text(query.text).split()
    # What stands in quotes is found as it is written.
    quoted = [f'"{word}"' for word in words]
    among = [[*words[:n], quoted[n], *words[n + 1 :]] for n in range(len(words))]
    return [{**build_probe(index, query), "q": text} for text in [*map(" ".join, among), *quoted]]


def list_open_facets(query: SearchQuery) -> list[str]:
    """The facets to count as if they were not filtered."""
    if not query.has_open_facets:
        return []
    return [
        name
        for name in query.facets
        if query.filters.get(name) or (name == "trust" and query.is_verified is not None)
    ]


def _build_search(index: str, query: SearchQuery, without: str = "") -> dict[str, Any]:
    return {
        "indexUid": index,
        "q": clean_text(query.text),
        "filter": build_filter(query, without=without),
        "matchingStrategy": ALL,
        "attributesToRetrieve": ["id"],
    }


def build_filter(query: SearchQuery, *, without: str = "") -> list[str]:
    """The filters of a search, all of which must hold; that of the facet `without` left out."""
    parts = [
        f"{ATTRIBUTES[name]} = {_quote(mark_value(value))}"
        for name, value in query.filters.items()
        if value and name != without
    ]
    if query.is_verified is not None and without != "trust":
        levels = ", ".join(map(_quote, VERIFIED))
        parts.append(f"trust {'IN' if query.is_verified else 'NOT IN'} [{levels}]")
    if query.hidden:
        parts.append(f"id NOT IN [{', '.join(map(str, sorted(query.hidden)))}]")
    return parts


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
