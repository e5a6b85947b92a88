"""Request bodies of searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

from marketplace.search.engines.meilisearch.settings import (
    ATTRIBUTES,
    LOCALES,
    NAME_ATTRIBUTES,
    SORTS,
    encode_value,
)
from marketplace.search.query import VERIFIED_LEVELS, SearchQuery
from marketplace.search.tokenizer import parse_query

# Meilisearch's other strategies drop words from the end of the query, or frequent words first. Here
# any word may be dropped, so `list_partial_queries` builds a search for each case.
MATCH_ALL_WORDS = "all"


def clean_text(text: str) -> str:
    """The significant words, without quotes and minus signs, which are operators of Meilisearch."""
    return " ".join(parse_query(text).words)


def build_searches(index: str, query: SearchQuery) -> list[dict[str, Any]]:
    """The searches of one multi-search: the page, then one for each open facet."""
    open_facets = query.open_facets
    closed = [ATTRIBUTES[name] for name in query.facets if name not in open_facets]
    page = {
        **_build_search(index, query),
        "facets": closed,
        # Page 0 returns counts without hits.
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
        for name in open_facets
    ]
    return [page, *counts]


def list_partial_queries(query: SearchQuery) -> list[list[SearchQuery]]:
    """Searches with fewer words, in groups: all words but one, then each word alone."""
    words = parse_query(query.text)
    count = len(words.words)
    all_but_one = [*combinations(words.words, count - 1)] if count > 2 else []
    # The pairs of a CJK run stay together: one pair alone is not a word.
    groups = [all_but_one, [part for part in words.parts if len(part) < count]]
    return [[replace(query, text=" ".join(part)) for part in group] for group in groups if group]


def build_probe(index: str, query: SearchQuery) -> dict[str, Any]:
    """A search for the number of matches and the score of the best one."""
    return {
        **_build_search(index, query),
        "page": 1,
        "hitsPerPage": 1,
        "showRankingScore": True,
        "showRankingScoreDetails": True,
    }


def build_suggestion(index: str, prefix: str, limit: int, hidden: frozenset[int]) -> dict[str, Any]:
    """A search in names and titles, for ids only."""
    return {
        **_build_search(index, SearchQuery(prefix, hidden=hidden)),
        "attributesToSearchOn": NAME_ATTRIBUTES,
        "limit": limit,
    }


def build_position_search(index: str) -> dict[str, Any]:
    """A search for the only document of the index of the position."""
    return {"indexUid": index, "q": "", "limit": 1, "attributesToRetrieve": ["serial"]}


def can_have_only_typos(query: SearchQuery, probe: Mapping[str, Any]) -> bool:
    """Whether the best result may contain each of the words only with a typing error."""
    # A search that reaches `searchCutoffMs` has no details of later rules.
    typo = probe["hits"][0].get("_rankingScoreDetails", {}).get("typo", {})
    return int(typo.get("typoCount", 0)) >= len(clean_text(query.text).split())


def build_exact_probes(index: str, query: SearchQuery) -> list[dict[str, Any]]:
    """Searches that require one word without errors: first together with the others, then alone."""
    words = clean_text(query.text).split()
    # Meilisearch allows no typing errors within quotes.
    quoted = [f'"{word}"' for word in words]
    together = [[*words[:n], quoted[n], *words[n + 1 :]] for n in range(len(words))]
    texts = [*map(" ".join, together), *quoted]
    return [{**build_probe(index, query), "q": text} for text in texts]


def _build_search(index: str, query: SearchQuery, without: str = "") -> dict[str, Any]:
    return {
        "indexUid": index,
        "q": clean_text(query.text),
        "filter": build_filter(query, without=without),
        "matchingStrategy": MATCH_ALL_WORDS,
        "attributesToRetrieve": ["id"],
        "locales": LOCALES,
    }


def build_filter(query: SearchQuery, *, without: str = "") -> list[str]:
    """The filters of a search, joined by AND, except that of the facet `without`."""
    parts = [
        f"{ATTRIBUTES[name]} = {_quote(encode_value(value))}"
        for name, value in query.filters.items()
        if value and name != without
    ]
    if query.is_verified is not None and without != "trust":
        levels = ", ".join(map(_quote, VERIFIED_LEVELS))
        parts.append(f"trust {'IN' if query.is_verified else 'NOT IN'} [{levels}]")
    if query.hidden:
        parts.append(f"id NOT IN [{', '.join(map(str, sorted(query.hidden)))}]")
    return parts


def _quote(value: str) -> str:
    # Otherwise a value could add conditions to the filter (injection, CWE-943).
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
