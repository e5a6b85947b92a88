"""Queries in tantivy's terms: strict first, then with typing errors, then with words missing.

Scores are added up so: a name or title that is the query stands above one that begins with it,
that above everything else; among those the words decide (BM25), rarer words and words in names
more. What comes out is multiplied by the plugin's quality (1 to 1.54), which therefore reorders
what is about equally relevant and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tantivy import Occur, Query

from marketplace.search.engines.embedded.fields import COLUMNS, PREFIX_CHARS
from marketplace.search.engines.embedded.staged import StagedMatcher
from marketplace.search.query import VERIFIED, SearchQuery
from marketplace.search.words import SYNONYMS, QueryWords, get_typos, stem

_EXACT, _LEAD, _START = 4000.0, 1000.0, 400.0
_STEMMED = {"name": 3.0, "topic": 1.6, "people": 1.2, "text": 1.0}
# A word as it was written says more than one that shares its stem: access is not accessibility.
_AS_WRITTEN = {"name_word": 4.0, "word": 1.6}
_WORD_START, _TEXT_START, _PAIR = 2.5, 0.8, 4.0
_SYNONYM, _MERGED = 0.7, 0.9
_TYPO_IN_NAME, _TYPO_IN_TEXT, _SECOND_TYPO = 6.0, 2.0, 0.4
_TIE = 0.2


class Matcher(StagedMatcher):
    """Builds the queries of one search, with ranks. `plain` matches the same plugins."""

    def _match_strictly(self, words: QueryWords) -> Query:
        named = [
            (Occur.Should, self._score("exact", words.joined, _EXACT)),
            (Occur.Should, self._score("lead", words.joined, _LEAD)),
            (Occur.Should, self._score("start", words.joined[:PREFIX_CHARS], _START)),
            (Occur.Should, self._match_every(words.words, words.last)),
        ]
        for merged in words.merge_pairs():
            every = self._match_every(merged, merged[-1])
            named.append((Occur.Should, Query.boost_query(every, _MERGED)))
        return Query.boolean_query(named)

    def _match_every(self, words: tuple[str, ...], last: str) -> Query:
        return Query.boolean_query(
            [(Occur.Must, self._match_word(word, is_open=word == last)) for word in words]
        )

    def _match_word(self, word: str, *, is_open: bool) -> Query:
        ways = [
            Query.boost_query(self._term(field, stem(word)), boost)
            for field, boost in _STEMMED.items()
        ]
        ways += [
            Query.boost_query(self._term(field, word), boost)
            for field, boost in _AS_WRITTEN.items()
        ]
        ways.append(self._score("pair", word, _PAIR))
        for other in SYNONYMS.get(word, ()):
            ways += [
                Query.boost_query(self._term(field, stem(other)), boost * _SYNONYM)
                for field, boost in _STEMMED.items()
            ]
        if is_open and len(word) == 1:
            # Nearly everything has a word that begins so somewhere: names alone say something.
            ways.append(self._score_fuzzy("name_word", word, 0, _WORD_START, is_open=True))
        elif is_open:
            ways.append(self._score("word_start", word[:PREFIX_CHARS], _WORD_START))
            ways.append(self._score_fuzzy("word", word, 0, _TEXT_START, is_open=True))
        return Query.disjunction_max_query(ways, tie_breaker=_TIE)

    def _match_loosely(self, words: QueryWords, also: Sequence[Query]) -> Query:
        every = [(Occur.Must, self._match_word_loosely(word, words)) for word in words.words]
        every += [(Occur.Must, other) for other in also]
        joined = self._list_joined(words, {"exact": _LEAD, "lead": _START, "pair": _PAIR})
        return Query.boolean_query([(Occur.Should, Query.boolean_query(every)), *joined])

    def _list_joined(
        self, words: QueryWords, fields: Mapping[str, float]
    ) -> list[tuple[Occur, Query]]:
        """The whole query as one word, typing errors forgiven."""
        most = self._get_joined_typos(words)
        if not most:
            return []
        return [
            (Occur.Should, self._score_typos(field, words.joined, most, boost))
            for field, boost in fields.items()
        ]

    def _match_word_loosely(self, word: str, words: QueryWords) -> Query:
        is_open = word == words.last
        ways = [self._match_word(word, is_open=is_open)]
        most = get_typos(word)
        if most:
            ways.append(self._score_typos("name_word", word, most, _TYPO_IN_NAME))
            ways.append(self._score_typos("word", word, most, _TYPO_IN_TEXT))
            if is_open:
                fuzzy = self._score_fuzzy("word", word, 1, _TYPO_IN_TEXT / 4, is_open=True)
                ways.append(fuzzy)
        return Query.disjunction_max_query(ways, tie_breaker=_TIE)

    def _score_typos(self, field: str, word: str, most: int, score: float) -> Query:
        """The word with up to `most` errors; with one it counts more than with two."""
        ways = [self._score_fuzzy(field, word, 1, score)]
        if most > 1:
            ways.append(self._score_fuzzy(field, word, most, score * _SECOND_TYPO))
        return Query.disjunction_max_query(ways)

    def _score_fuzzy(
        self, field: str, word: str, most: int, score: float, *, is_open: bool = False
    ) -> Query:
        return Query.const_score_query(self._fuzzy(field, word, most, is_open=is_open), score)

    def _score(self, field: str, value: str, score: float) -> Query:
        return Query.const_score_query(self._term(field, value), score)

    def build_prefix(self, words: QueryWords) -> Query:
        """For suggestions: names and titles that begin so, or have words that do."""
        return Query.boolean_query(
            [
                (Occur.Should, self._score("exact", words.joined, _EXACT)),
                (Occur.Should, self._score("lead", words.joined, _LEAD)),
                (Occur.Should, self._score("start", words.joined[:PREFIX_CHARS], _START)),
                (Occur.Should, self._match_name_words(words)),
            ]
        )

    def _match_name_words(self, words: QueryWords) -> Query:
        every = [
            (Occur.Must, self._score("name_word", word, _WORD_START)) for word in words.words[:-1]
        ]
        begun = self._score_fuzzy("name_word", words.last, 0, _WORD_START, is_open=True)
        return Query.boolean_query([*every, (Occur.Must, begun)])

    def build_prefix_loosely(self, words: QueryWords) -> Query:
        """The same with typing errors: for suggestions where nothing begins so."""
        every = [(Occur.Must, self._match_name_word_loosely(word, words)) for word in words.words]
        joined = self._list_joined(words, {"exact": _LEAD, "pair": _PAIR})
        return Query.boolean_query([(Occur.Should, Query.boolean_query(every)), *joined])

    def _match_name_word_loosely(self, word: str, words: QueryWords) -> Query:
        is_open, most = word == words.last, get_typos(word)
        # As it was written, it counts more than what is like it.
        ways = [self._score_fuzzy("name_word", word, 0, _TYPO_IN_NAME * 2, is_open=is_open)]
        if most:
            ways.append(self._score_typos("name_word", word, most, _TYPO_IN_NAME))
            if is_open:
                ways.append(self._score_fuzzy("name_word", word, 1, _WORD_START, is_open=True))
        return Query.disjunction_max_query(ways)

    def narrow(self, query: Query, asked: SearchQuery, *, without: str = "") -> Query:
        """The query with the filters of the search, that of the facet `without` left out.

        What is filtered adds nothing to scores.
        """
        clauses = [(Occur.Must, query)]
        for name, value in asked.filters.items():
            if value and name != without:
                chosen = self._term(COLUMNS[name], value)
                clauses.append((Occur.Must, Query.const_score_query(chosen, 0.0)))
        if asked.is_verified is not None and without != "trust":
            levels = Query.term_set_query(self._schema, "trust", list(VERIFIED))
            occur = Occur.Must if asked.is_verified else Occur.MustNot
            clauses.append((occur, Query.const_score_query(levels, 0.0)))
        if asked.hidden:
            hidden = Query.term_set_query(self._schema, "id", sorted(asked.hidden))
            clauses.append((Occur.MustNot, hidden))
        return query if len(clauses) == 1 else Query.boolean_query(clauses)
