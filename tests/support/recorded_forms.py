"""Whether an answer that was recorded without forms of words still holds for documents with them.

The recordings were made before documents had the attributes `name_forms`, `topic_forms` and
`text_forms`. An additional word cannot change an answer if, for each word of the query, the document has
a word of an earlier attribute that matches it with no more typing errors: Meilisearch ranks by typing
errors first and then by attribute, and uses the best match of each word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rapidfuzz.distance import OSA

from marketplace.search.engines.meilisearch.settings import SETTINGS

FORM_SUFFIX = "_forms"


def remove_forms(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it was recorded."""
    return {name: value for name, value in document.items() if not name.endswith(FORM_SUFFIX)}


def is_unaffected(document: Mapping[str, Any], text: str) -> bool:
    """Whether the forms of the document match no word of the query better than its other words."""
    return all(_is_word_unaffected(document, word, is_open) for word, is_open in _list_grams(text))


def _list_grams(text: str) -> Iterator[tuple[str, bool]]:
    """The words and joined neighbors of a query, and whether they may be incomplete."""
    words = text.replace('"', "").split()
    for size in (1, 2):
        for start in range(len(words) - size + 1):
            yield "".join(words[start : start + size]), start + size == len(words)


def _is_word_unaffected(document: Mapping[str, Any], word: str, is_open: bool) -> bool:
    never = len(word) + 1
    best = never
    for attribute in SETTINGS["searchableAttributes"]:
        words = _list_words(document.get(attribute) or ())
        errors = min((_count_errors(other, word, is_open) for other in words), default=never)
        if not attribute.endswith(FORM_SUFFIX):
            best = min(best, errors)
        elif errors < best:
            return False
    return True


def _list_words(value: str | Sequence[str]) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    return [word for text in texts for word in text.split()]


def _count_errors(found: str, word: str, is_open: bool) -> int:
    """The typing errors of a match; more than the word has letters if it is none."""
    limit = 0 if len(word) < 4 else 1 if len(word) < 8 else 2
    never = len(word) + 1
    lengths = range(max(1, len(word) - limit), len(word) + limit + 1) if is_open else ()
    candidates = [found, *(found[:length] for length in lengths if length < len(found))]
    distances = [OSA.distance(candidate, word) for candidate in candidates]
    return min((distance for distance in distances if distance <= limit), default=never)
