"""The settings of the index, and a document as Meilisearch takes it."""

from __future__ import annotations

from typing import Any

from marketplace.search.document import SearchDocument
from marketplace.search.query import FACET_VALUES
from marketplace.search.words import STOP_WORDS, SYNONYMS, join_words, pair_words, split_words

# Part of the index's name: another version of the fields is another index, made beside the old.
VERSION = "2"

# Facet and filter names of the interface to attributes.
ATTRIBUTES = {
    "type": "kind",
    "category": "categories",
    "tag": "tags",
    "trust": "trust",
    "license": "license",
    "dialect": "dialect",
    "registry": "registry",
    "author": "author",
}
SORTS = {
    "downloads": ["downloads:desc", "id:asc"],
    "rating": ["rating:desc", "id:asc"],
    "recent": ["updated:desc", "id:asc"],
    "name": ["name:asc"],
}
NAME_ATTRIBUTES = ["short_name", "title", "wholes"]

SETTINGS: dict[str, Any] = {
    # In order of importance: a word in a name counts more than one in a description.
    "searchableAttributes": [
        *NAME_ATTRIBUTES,
        "pairs",
        "topics",
        "people",
        "description",
    ],
    "displayedAttributes": ["id", "updated"],
    "filterableAttributes": ["id", *ATTRIBUTES.values()],
    "sortableAttributes": ["id", "downloads", "rating", "updated", "name"],
    # An order that somebody asks for comes before relevance. `quality` decides among what is
    # equally relevant; it holds trust, rating, downloads and freshness.
    "rankingRules": [
        "sort",
        "words",
        "typo",
        "attribute",
        "exactness",
        "proximity",
        "quality:desc",
        "downloads:desc",
        "id:asc",
    ],
    "typoTolerance": {
        "enabled": True,
        "minWordSizeForTypos": {"oneTypo": 4, "twoTypos": 8},
    },
    "stopWords": sorted(STOP_WORDS),
    "synonyms": {word: list(others) for word, others in SYNONYMS.items()},
    "faceting": {"maxValuesPerFacet": FACET_VALUES, "sortFacetValuesBy": {"*": "count"}},
    "pagination": {"maxTotalHits": 1_000_000},
    # Less than the deadline of `marketplace.search.guard`: late results are worth nothing.
    "searchCutoffMs": 400,
}


def make_meili_document(document: SearchDocument) -> dict[str, Any]:
    """The document with its attributes."""
    wholes = (document.name, document.short_name, document.title)
    pairs = [
        *pair_words(split_words(document.short_name)),
        *pair_words(split_words(document.title)),
    ]
    return {
        "id": document.id,
        "name": document.name,
        "short_name": document.short_name,
        "title": document.title,
        "wholes": list(dict.fromkeys(joined for joined in map(join_words, wholes) if joined)),
        "pairs": list(dict.fromkeys(pairs)),
        "topics": [*document.categories, *document.tags, document.kind_title],
        "people": [document.scope, document.author, *document.owners],
        "description": document.description,
        "kind": document.kind,
        "categories": list(document.categories),
        "tags": list(document.tags),
        "trust": document.trust,
        "license": document.license or None,
        "dialect": document.dialect,
        "registry": document.registry,
        "author": document.author or None,
        "downloads": document.downloads,
        "rating": document.rating,
        "updated": document.updated,
        "quality": round(document.quality, 6),
    }
