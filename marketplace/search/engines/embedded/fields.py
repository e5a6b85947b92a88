"""The fields of the index, and a document as tantivy takes it."""

from __future__ import annotations

from functools import cache

import tantivy

from marketplace.search.document import SearchDocument
from marketplace.search.runs import cut_runs
from marketplace.search.words import get_splitter, get_stemmer, join_words, pair_words, split_whole

# Any change to the fields or to what is put into them must change this: an index that was made
# for another version is not used, and made anew.
VERSION = "6"

PREFIX_CHARS = 20
_SCALE_QUALITY = 2.0
# What names are written with, in the order of their bytes; the end of a name comes before all.
_LETTERS = {c: place for place, c in enumerate("-./0123456789@abcdefghijklmnopqrstuvwxyz", 1)}
_KEY_CHARS = 11
# Of 64 bits: the rest holds milliseconds until the year 2109.
_ID_BITS = 22
_GRADE_STEPS = 1_000_000

# Facet and filter names of the interface to fields.
COLUMNS = {
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


@cache
def build_schema() -> tantivy.Schema:
    """The fields.

    `exact`, `lead` and `start` hold names and titles written as one word: whole, up to each word's
    end, and up to each letter. `name`, `topic`, `text` and `people` are stemmed words. `name_word`
    and `word` are unstemmed ones, for typing errors; `pair` two neighbours written as one.
    """
    build = tantivy.SchemaBuilder()
    for name in ("exact", "lead", "pair"):
        build.add_text_field(name, tokenizer_name="raw", index_option="basic")
    build.add_text_field("start", tokenizer_name="start", index_option="basic")
    build.add_text_field("word_start", tokenizer_name="start", index_option="basic")
    for name in ("name", "topic", "text", "people"):
        build.add_text_field(name, tokenizer_name="stem", index_option="freq")
    for name in ("name_word", "word"):
        build.add_text_field(name, tokenizer_name="split", index_option="freq")
    for name in COLUMNS.values():
        build.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    build.add_text_field("full_name", tokenizer_name="raw", index_option="basic", fast=True)
    build.add_unsigned_field("id", indexed=True, fast=True)
    build.add_unsigned_field("updated", fast=True)
    for name in ("name_key", "by_downloads", "by_grade", "by_updated"):
        build.add_unsigned_field(name, fast=True)
    build.add_float_field("weight", fast=True)
    return build.build()


def register_tokenizers(index: tantivy.Index) -> None:
    """An opened index knows the names of its tokenizers only."""
    index.register_tokenizer("stem", get_stemmer())
    index.register_tokenizer("split", get_splitter())
    start = tantivy.Tokenizer.ngram(min_gram=1, max_gram=PREFIX_CHARS, prefix_only=True)
    index.register_tokenizer("start", tantivy.TextAnalyzerBuilder(start).build())


def make_weight(quality: float) -> float:
    """The value of `weight` that multiplies a score by 1 + quality.

    tantivy multiplies by the logarithm to base 2 of 2 + the field's value.
    """
    return float(_SCALE_QUALITY ** (1 + quality) - _SCALE_QUALITY)


def make_name_key(name: str) -> int:
    """A number that orders as the first letters of the name do.

    tantivy orders by numbers a hundred times as fast as by texts, where a page lies far behind.
    """
    key = 0
    for letter in name[:_KEY_CHARS].ljust(_KEY_CHARS):
        key = key * (len(_LETTERS) + 1) + _LETTERS.get(letter, 0)
    return key


def make_order_key(value: int, number: int) -> int:
    """A number that orders, the highest first, by the value and then by the id, the lowest first.

    tantivy orders by one field, and where that is equal by where the plugin lies in its files.
    Ids from four million on count as equal.
    """
    last, most = (1 << _ID_BITS) - 1, (1 << (64 - _ID_BITS)) - 1
    return min(max(0, value), most) << _ID_BITS | last - min(number, last)


def make_tantivy_document(document: SearchDocument) -> tantivy.Document:
    """The document with its fields filled."""
    short_words, title_words = split_whole(document.short_name), split_whole(document.title)
    topics = [*document.categories, *document.tags, document.kind_title]
    topic_words = split_whole(" ".join(topics))
    made = tantivy.Document()
    for text in _list_wholes(document):
        made.add_text("exact", text)
    for words in (short_words, title_words, split_whole(document.name)):
        for end in range(1, len(words) + 1):
            made.add_text("lead", "".join(words[:end]))
        made.add_text("start", "".join(words))
    for word in {*short_words, *title_words, *topic_words}:
        made.add_text("word_start", word)
    for pair in {*pair_words(short_words), *pair_words(title_words), *_pair_topics(topics)}:
        made.add_text("pair", pair)
    people = [document.scope, document.author, *document.owners]
    _add_words(made, "name", "name_word", f"{document.short_name} {document.title}")
    _add_words(made, "topic", "word", " ".join(topics))
    _add_words(made, "text", "word", document.description)
    _add_words(made, "people", "word", " ".join(people))
    _add_values(made, document)
    return made


def _list_wholes(document: SearchDocument) -> set[str]:
    wholes = (document.name, document.short_name, document.title)
    return {joined for joined in map(join_words, wholes) if joined}


def _add_words(made: tantivy.Document, stemmed: str, written: str, text: str) -> None:
    """The words of a text, by their stems and as they were written."""
    cut = cut_runs(text, with_letters=True)
    made.add_text(stemmed, cut)
    made.add_text(written, cut)


def _pair_topics(topics: list[str]) -> list[str]:
    return [pair for topic in topics for pair in pair_words(split_whole(topic))]


def _add_values(made: tantivy.Document, document: SearchDocument) -> None:
    """What is filtered, counted and sorted by. An empty value is no value."""
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
    for facet, column in COLUMNS.items():
        for value in dict.fromkeys(values[facet]):
            if value:
                made.add_text(column, value)
    made.add_text("full_name", document.name)
    made.add_unsigned("name_key", make_name_key(document.name))
    made.add_unsigned("id", document.id)
    made.add_unsigned("updated", max(0, document.updated))
    made.add_unsigned("by_downloads", make_order_key(document.downloads, document.id))
    grade = round(document.grade * _GRADE_STEPS)
    made.add_unsigned("by_grade", make_order_key(grade, document.id))
    made.add_unsigned("by_updated", make_order_key(document.updated, document.id))
    made.add_float("weight", make_weight(document.quality))
