"""The fields of the tantivy index, and the conversion of documents."""

from __future__ import annotations

import tantivy

from common.once import built_once
from marketplace.search.document import SearchDocument
from marketplace.search.tokenizer import (
    get_splitter,
    get_stemmer,
    join_words,
    pair_words,
    prepare_text,
    split_whole,
)

# Increase this with every change to the fields or their contents: an index of another version is
# not used, and the worker rebuilds it.
VERSION = "9"

PREFIX_CHARS = 20
# A plugin with more tags is about none of them in particular.
_MAX_EXACT_TAGS = 10
_QUALITY_SCALE = 2.0
# The characters of names in the order of their bytes. 0 is the end of a name, which sorts first.
_CHAR_CODES = {c: code for code, c in enumerate("-./0123456789@abcdefghijklmnopqrstuvwxyz", 1)}
_KEY_CHARS = 11
# Of 64 bits; the other 42 hold milliseconds since 1970 until the year 2109.
_ID_BITS = 22
_GRADE_STEPS = 1_000_000

# Names of facets and filters → fields.
FILTER_FIELDS = {
    "type": "kind",
    "category": "category",
    "tag": "tag",
    "trust": "trust",
    "license": "license",
    "dialect": "dialect",
    "registry": "registry",
    "author": "author_name",
}
SORT_FIELDS = {
    "downloads": ("by_downloads", tantivy.Order.Desc),
    "rating": ("by_grade", tantivy.Order.Desc),
    "recent": ("by_updated", tantivy.Order.Desc),
    "name": ("full_name", tantivy.Order.Asc),
}


@built_once
def build_schema() -> tantivy.Schema:
    """The fields of the index.

    `exact`, `lead` and `start` hold names and titles written as one word: whole, up to the end of
    each word, and up to each letter. `topic_exact` holds categories and up to ten tags as one word. `name`,
    `topic`, `text` and `people` hold stemmed words; `name_word` and `word` unstemmed words, for
    typing errors; `pair` two neighbors written as one.
    """
    build = tantivy.SchemaBuilder()
    # `basic` stores no frequencies: these fields have constant scores. `freq` is enough for BM25;
    # positions are only needed for phrase queries, which are not used.
    for name in ("exact", "lead", "pair", "topic_exact"):
        build.add_text_field(name, tokenizer_name="raw", index_option="basic")
    build.add_text_field("start", tokenizer_name="start", index_option="basic")
    build.add_text_field("word_start", tokenizer_name="start", index_option="basic")
    for name in ("name", "topic", "text", "people"):
        build.add_text_field(name, tokenizer_name="stem", index_option="freq")
    for name in ("name_word", "word"):
        build.add_text_field(name, tokenizer_name="split", index_option="freq")
    # The tokenizer `raw` keeps case: `MIT` and `mit` are different values of a facet.
    for name in FILTER_FIELDS.values():
        build.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    build.add_text_field("full_name", tokenizer_name="raw", index_option="basic", fast=True)
    build.add_unsigned_field("id", indexed=True, fast=True)
    build.add_unsigned_field("updated", fast=True)
    for name in ("name_key", "by_downloads", "by_grade", "by_updated"):
        build.add_unsigned_field(name, fast=True)
    build.add_float_field("weight", fast=True)
    return build.build()


def register_tokenizers(index: tantivy.Index) -> None:
    """Register the tokenizers; an opened index has only their names."""
    index.register_tokenizer("stem", get_stemmer())
    index.register_tokenizer("split", get_splitter())
    start = tantivy.Tokenizer.ngram(min_gram=1, max_gram=PREFIX_CHARS, prefix_only=True)
    index.register_tokenizer("start", tantivy.TextAnalyzerBuilder(start).build())


def compute_weight(quality: float) -> float:
    """The value of the field `weight` that multiplies a score by 1 + quality.

    tantivy multiplies the score by log2(2 + weight).
    """
    return float(_QUALITY_SCALE ** (1 + quality) - _QUALITY_SCALE)


def compute_name_key(name: str) -> int:
    """A number that sorts like the first letters of the name.

    For far pages tantivy sorts by numbers about a hundred times as fast as by text.
    """
    key = 0
    for char in name[:_KEY_CHARS].ljust(_KEY_CHARS):
        key = key * (len(_CHAR_CODES) + 1) + _CHAR_CODES.get(char, 0)
    return key


def compute_order_key(value: int, number: int) -> int:
    """A number whose descending order is: highest value first, then lowest id first.

    tantivy sorts by one field only and leaves equal values in the order of its files. Ids from
    2^22 (about four million) on count as equal.
    """
    max_id, max_value = (1 << _ID_BITS) - 1, (1 << (64 - _ID_BITS)) - 1
    return min(max(0, value), max_value) << _ID_BITS | max_id - min(number, max_id)


def build_tantivy_document(document: SearchDocument) -> tantivy.Document:
    """Convert the document."""
    short_words, title_words = split_whole(document.short_name), split_whole(document.title)
    topics = [*document.categories, *document.tags, document.kind_title]
    topic_words = split_whole(" ".join(topics))
    target = tantivy.Document()
    for text in _list_joined_names(document):
        target.add_text("exact", text)
    for words in (short_words, title_words, split_whole(document.name)):
        for end in range(1, len(words) + 1):
            target.add_text("lead", "".join(words[:end]))
        target.add_text("start", "".join(words))
    for word in {*short_words, *title_words, *topic_words}:
        target.add_text("word_start", word)
    tags = document.tags if len(document.tags) <= _MAX_EXACT_TAGS else ()
    for topic in {join_words(topic) for topic in (*document.categories, *tags)}:
        target.add_text("topic_exact", topic)
    for pair in {*pair_words(short_words), *pair_words(title_words), *_pair_topics(topics)}:
        target.add_text("pair", pair)
    people = [document.scope, document.author, *document.owners]
    _add_words(target, "name", "name_word", f"{document.short_name} {document.title}")
    _add_words(target, "topic", "word", " ".join(topics))
    _add_words(target, "text", "word", document.description)
    _add_words(target, "people", "word", " ".join(people))
    _add_values(target, document)
    return target


def _list_joined_names(document: SearchDocument) -> set[str]:
    wholes = (document.name, document.short_name, document.title)
    return {joined for joined in map(join_words, wholes) if joined}


def _add_words(target: tantivy.Document, stemmed: str, unstemmed: str, text: str) -> None:
    """Add the words of a text to a stemmed and an unstemmed field."""
    prepared = prepare_text(text)
    target.add_text(stemmed, prepared)
    target.add_text(unstemmed, prepared)


def _pair_topics(topics: list[str]) -> list[str]:
    return [pair for topic in topics for pair in pair_words(split_whole(topic))]


def _add_values(target: tantivy.Document, document: SearchDocument) -> None:
    """Add the fields of filters, facets and orders; empty values are omitted."""
    values = {
        "type": (document.kind,),
        "category": document.categories,
        "tag": document.tags,
        "trust": (document.trust,),
        "license": (document.license,),
        "dialect": (document.dialect,),
        "registry": (document.registry,),
        "author": (document.author,),
    }
    for facet, name in FILTER_FIELDS.items():
        for value in dict.fromkeys(values[facet]):
            if value:
                target.add_text(name, value)
    target.add_text("full_name", document.name)
    target.add_unsigned("name_key", compute_name_key(document.name))
    target.add_unsigned("id", document.id)
    target.add_unsigned("updated", max(0, document.updated))
    target.add_unsigned("by_downloads", compute_order_key(document.downloads, document.id))
    grade = round(document.grade * _GRADE_STEPS)
    target.add_unsigned("by_grade", compute_order_key(grade, document.id))
    target.add_unsigned("by_updated", compute_order_key(document.updated, document.id))
    target.add_float("weight", compute_weight(document.quality))
