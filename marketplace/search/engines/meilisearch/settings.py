"""The settings of the Meilisearch index, and the conversion of documents."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from marketplace.search.document import SearchDocument
from marketplace.search.query import MAX_FACET_VALUES
from marketplace.search.tokenizer import (
    SYNONYMS,
    join_words,
    pair_words,
    parse_query,
    split_text,
    split_whole,
)
from marketplace.search.word_forms import list_forms

# Part of the name of the index, so that versions of this software never share an index. Increase
# it with every change to the attributes or their contents.
VERSION = "9"
# The position in the journal is in an index of its own, so that no search of plugins finds it.
POSITION_SUFFIX = "-position"

# Names of facets and filters → attributes.
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
# Texts are split before they are sent. Servers with language packs would split CJK runs again with
# their dictionaries; they do not for English. Every search must name the same languages.
LOCALES = ["eng"]
NAME_ATTRIBUTES = ["short_name", "title", "wholes"]

# No `stopWords`: Meilisearch would not index them and return everything for a query that has no
# other words. `parse_query` removes stop words from the query instead.
SETTINGS: dict[str, Any] = {
    # In order of importance for the rule `attribute`.
    "searchableAttributes": [
        *NAME_ATTRIBUTES,
        "pairs",
        "name_forms",
        "topics",
        "topic_forms",
        "people",
        "description",
        "text_forms",
    ],
    "localizedAttributes": [{"attributePatterns": ["*"], "locales": LOCALES}],
    # Results need ids only, and `list_stamps` both.
    "displayedAttributes": ["id", "updated"],
    "filterableAttributes": ["id", *ATTRIBUTES.values()],
    "sortableAttributes": ["id", "downloads", "grade", "updated", "name"],
    # `sort` first, because a requested order replaces relevance. `quality` orders equally relevant
    # plugins by trust, rating, downloads and freshness.
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
    "faceting": {"maxValuesPerFacet": MAX_FACET_VALUES, "sortFacetValuesBy": {"*": "count"}},
    # The default of 1,000 would cut totals and pages of a large catalog.
    "pagination": {"maxTotalHits": 1_000_000},
    # Below the deadline of `circuit_breaker`, after which the response is discarded.
    "searchCutoffMs": 300,
}

# Between a value and its mark. Values that need no mark are ASCII and cannot contain it.
_MARK_SEPARATOR = "\u241f"
_MAX_PLAIN_CHARS = 100


def encode_value(value: str) -> str:
    """The value of a facet in a form that Meilisearch keeps distinct from all others.

    Meilisearch compares values without case, Unicode compatibility forms and outer spaces, and
    truncates long ones. Values that this would change get a hash as their mark.
    """
    is_plain = value.isascii() and value == value.strip().lower() and len(value) <= _MAX_PLAIN_CHARS
    if is_plain:
        return value
    mark = hashlib.sha256(value.encode()).hexdigest()[:16]
    return f"{value[:_MAX_PLAIN_CHARS]}{_MARK_SEPARATOR}{mark}"


def decode_value(value: str) -> str:
    """The value for readers, without its mark."""
    return value.rpartition(_MARK_SEPARATOR)[0] or value


def build_meili_document(document: SearchDocument) -> dict[str, Any]:
    """Convert the document.

    Texts are split and folded here, like queries: versions of Meilisearch differ in how they split
    `fooBar`, `foo_bar` and `v1.2`. The forms are attributes of their own, after those of their words: a
    word as it was written counts more, and the rule `exactness` sees texts without additions.
    """
    names = (document.name, document.short_name, document.title)
    wholes = [*map(join_words, names), "".join(parse_query(document.title).words)]
    pairs = [*pair_words(split_whole(names[1])), *pair_words(split_whole(names[2]))]
    topics = [*document.categories, *document.tags, document.kind_title]
    topic_pairs = [pair for topic in topics for pair in pair_words(split_whole(topic))]
    people = [document.scope, document.author, *document.owners]
    return {
        "id": document.id,
        "name": document.name,
        "short_name": " ".join(split_text(document.short_name)),
        "title": " ".join(split_text(document.title)),
        "wholes": list(dict.fromkeys(filter(None, wholes))),
        "pairs": list(dict.fromkeys(pairs)),
        "name_forms": _list_forms([document.short_name, document.title], has_participles=True),
        "topics": [" ".join(split_text(text)) for text in topics],
        "topic_forms": [*dict.fromkeys([*_list_forms(topics, has_participles=True), *topic_pairs])],
        "people": [" ".join(split_text(text)) for text in people],
        "description": " ".join(split_text(document.description)),
        "text_forms": _list_forms([document.description], has_participles=False),
        "kind": encode_value(document.kind),
        "categories": [encode_value(value) for value in document.categories],
        "tags": [encode_value(value) for value in document.tags],
        "trust": encode_value(document.trust),
        "license": encode_value(document.license) or None,
        "dialect": encode_value(document.dialect),
        "registry": encode_value(document.registry),
        "author": encode_value(document.author) or None,
        "downloads": document.downloads,
        "grade": round(document.grade, 6),
        "updated": document.updated,
        "quality": round(document.quality, 6),
    }


def _list_forms(texts: Sequence[str], *, has_participles: bool) -> list[str]:
    """Other forms of the words, without those that the texts have. Each is an item of its own.

    So Meilisearch does not take two of them for neighbors.
    """
    words = {word for text in texts for word in split_text(text)}
    forms = {form for word in words for form in list_forms(word, has_participles=has_participles)}
    return sorted(forms - words)
