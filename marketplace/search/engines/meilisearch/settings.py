"""The settings of the index, and a document as Meilisearch takes it."""

from __future__ import annotations

import hashlib
from typing import Any

from marketplace.search.document import SearchDocument
from marketplace.search.query import FACET_VALUES
from marketplace.search.words import (
    SYNONYMS,
    join_words,
    pair_words,
    read_query,
    split_text,
    split_whole,
)

# Part of the index's name: another version of the fields is another index, made beside the old.
VERSION = "5"

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
    "rating": ["grade:desc", "id:asc"],
    "recent": ["updated:desc", "id:asc"],
    "name": ["name:asc"],
}
NAME_ATTRIBUTES = ["short_name", "title", "wholes"]

# No stop words: Meilisearch would not index them, and find everything for a query of nothing else.
# What says nothing is left out of the query instead.
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
    "sortableAttributes": ["id", "downloads", "grade", "updated", "name"],
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
    "synonyms": {word: list(others) for word, others in SYNONYMS.items()},
    "faceting": {"maxValuesPerFacet": FACET_VALUES, "sortFacetValuesBy": {"*": "count"}},
    "pagination": {"maxTotalHits": 1_000_000},
    # Less than the deadline of `marketplace.search.guard`: late results are worth nothing.
    "searchCutoffMs": 300,
}

# Stands between a value and its mark; in no value that needs none.
_BEFORE_MARK = "\u241f"
_MOST_CHARS = 100


def mark_value(value: str) -> str:
    """The value of a facet, such that Meilisearch tells it from every other.

    It compares without case, compatible forms and outer blanks, and cuts what is long. Values that
    are changed by this get a mark of their own at the end.
    """
    is_plain = value.isascii() and value == value.strip().lower() and len(value) <= _MOST_CHARS
    if is_plain:
        return value
    mark = hashlib.sha256(value.encode()).hexdigest()[:16]
    return f"{value[:_MOST_CHARS]}{_BEFORE_MARK}{mark}"


def unmark_value(value: str) -> str:
    """What a person should see of it."""
    return value.rpartition(_BEFORE_MARK)[0] or value


def make_meili_document(document: SearchDocument) -> dict[str, Any]:
    """The document with its attributes.

    Its texts are words that are cut and folded already, as those of a query will be: versions of
    Meilisearch differ in where they cut `fooBar`, `foo_bar` and `v1.2`.
    """
    names = (document.name, document.short_name, document.title)
    wholes = [*map(join_words, names), "".join(read_query(document.title).words)]
    pairs = [*pair_words(split_whole(names[1])), *pair_words(split_whole(names[2]))]
    topics = [*document.categories, *document.tags, document.kind_title]
    people = [document.scope, document.author, *document.owners]
    return {
        "id": document.id,
        "name": document.name,
        "short_name": " ".join(split_text(document.short_name)),
        "title": " ".join(split_text(document.title)),
        "wholes": list(dict.fromkeys(filter(None, wholes))),
        "pairs": list(dict.fromkeys(pairs)),
        "topics": [" ".join(split_text(text)) for text in topics],
        "people": [" ".join(split_text(text)) for text in people],
        "description": " ".join(split_text(document.description)),
        "kind": mark_value(document.kind),
        "categories": [mark_value(value) for value in document.categories],
        "tags": [mark_value(value) for value in document.tags],
        "trust": mark_value(document.trust),
        "license": mark_value(document.license) or None,
        "dialect": mark_value(document.dialect),
        "registry": mark_value(document.registry),
        "author": mark_value(document.author) or None,
        "downloads": document.downloads,
        "grade": round(document.grade, 6),
        "updated": document.updated,
        "quality": round(document.quality, 6),
    }
