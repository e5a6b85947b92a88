"""The queries of `matching` without ranks: the same plugins for about half the work.

Facets are counted by them, and lists that are ordered by something else. Whatever only lifts a
plugin that is found anyway is left out: a word as it was written is found by its stem, a name
that is the query by its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

from tantivy import Occur, Query

from marketplace.search.engines.embedded.fields import PREFIX_CHARS
from marketplace.search.engines.embedded.staged import StagedMatcher
from marketplace.search.words import SYNONYMS, QueryWords, get_typos, stem

_STEMMED = ("name", "topic", "people", "text")


class PlainMatcher(StagedMatcher):
    """Builds the queries that only match."""

    def _match_strictly(self, words: QueryWords) -> Query:
        ways = [
            self._term("start", words.joined[:PREFIX_CHARS]),
            self._match_every(words.words, words.last),
            *(self._match_every(merged, merged[-1]) for merged in words.merge_pairs()),
        ]
        return _match_any(ways)

    def _match_every(self, words: tuple[str, ...], last: str) -> Query:
        return _match_all([self._match_word(word, is_open=word == last) for word in words])

    def _match_word(self, word: str, *, is_open: bool) -> Query:
        return _match_any(self._list_ways(word, is_open=is_open))

    def _list_ways(self, word: str, *, is_open: bool) -> list[Query]:
        stems = dict.fromkeys(stem(other) for other in (word, *SYNONYMS.get(word, ())))
        ways = [self._term(field, found) for found in stems for field in _STEMMED]
        ways.append(self._term("pair", word))
        if is_open and len(word) == 1:
            ways.append(self._fuzzy("name_word", word, 0, is_open=True))
        elif is_open:
            ways.append(self._term("word_start", word[:PREFIX_CHARS]))
            ways.append(self._fuzzy("word", word, 0, is_open=True))
        return ways

    def _match_loosely(self, words: QueryWords, also: Sequence[Query]) -> Query:
        every = [self._match_word_loosely(word, words) for word in words.words]
        ways = [_match_all([*every, *also])]
        most = self._get_joined_typos(words)
        if most:
            ways += [self._fuzzy(field, words.joined, most) for field in ("lead", "pair")]
        return _match_any(ways)

    def _match_word_loosely(self, word: str, words: QueryWords) -> Query:
        is_open = word == words.last
        ways = self._list_ways(word, is_open=is_open)
        most = get_typos(word)
        if most:
            ways += [self._fuzzy(field, word, most) for field in ("name_word", "word")]
            if is_open:
                ways.append(self._fuzzy("word", word, 1, is_open=True))
        return _match_any(ways)


def _match_any(ways: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, way) for way in ways])


def _match_all(parts: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, part) for part in parts])
