"""Search queries in tantivy's terms, from strict to loose.

Scores add up: a name or title that equals the query ranks above one that starts with it, that above
a tag that equals a query of one word, and that above everything else. Below that the words decide (BM25); rare words and words in names count
more. The engine multiplies the sum by the plugin's quality (1 to 1.54), which reorders results of
about equal relevance and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

import tantivy
from tantivy import Occur, Query

from marketplace.search.engines.embedded.schema import FILTER_FIELDS, PREFIX_CHARS
from marketplace.search.query import VERIFIED_LEVELS, SearchQuery
from marketplace.search.tokenizer import SYNONYMS, QueryWords, get_max_typos, stem

# Far enough apart that the quality, at most 1.54, cannot lift a plugin over a step: 400 * 1.54 is
# less than 1000 + 400, and that times 1.54 less than 4000 + 1000 + 400.
_EXACT, _LEAD, _START, _TOPIC = 4000.0, 1000.0, 400.0, 100.0
_STEMMED_BOOSTS = {"name": 3.0, "topic": 1.6, "people": 1.2, "text": 1.0}
# An unstemmed match is more relevant than a shared stem: "access" is not "accessibility".
_UNSTEMMED_BOOSTS = {"name_word": 4.0, "word": 1.6}
_WORD_START, _TEXT_START, _PAIR = 2.5, 0.8, 4.0
_SYNONYM, _MERGED = 0.7, 0.9
# tantivy does not score fuzzy terms by BM25, so these are constants.
_TYPO_IN_NAME, _TYPO_IN_TEXT, _SECOND_TYPO = 6.0, 2.0, 0.4
_TIE_BREAKER = 0.2


class MatchLevel(Enum):
    """How much of the query a plugin must contain.

    `STRICT`: every word. `LOOSE`: every word, with typing errors. `SURE`: like `LOOSE`, and at
    least one word without an error. `MOST`: all words but one. `ANY`: any word.
    """

    STRICT = "strict"
    SURE = "sure"
    LOOSE = "loose"
    MOST = "most"
    ANY = "any"

    @property
    def is_partial(self) -> bool:
        """Whether words may be missing."""
        return self in (MatchLevel.MOST, MatchLevel.ANY)


def list_match_levels(words: QueryWords) -> list[MatchLevel]:
    """The levels that can differ for these words, strictest first, without `SURE`."""
    levels = [MatchLevel.STRICT]
    if can_have_typos(words):
        levels.append(MatchLevel.LOOSE)
    if len(words.words) > 2:
        levels.append(MatchLevel.MOST)
    if len(words.words) > 1:
        levels.append(MatchLevel.ANY)
    return levels


def can_have_typos(words: QueryWords) -> bool:
    """Whether a word, or all words written as one, is long enough for typing errors."""
    return any(map(get_max_typos, words.words)) or get_max_typos(words.joined) > 0


class Matcher:
    """Builds the tantivy queries of a search.

    Without scores (`is_scored=False`) the queries match the same plugins at about half the cost:
    they omit the clauses that only raise a plugin that another clause finds anyway. Facet counts
    and orders other than relevance use them.
    """

    def __init__(self, schema: tantivy.Schema, *, is_scored: bool = True) -> None:
        self._schema = schema
        self._is_scored = is_scored

    def match(self, level: MatchLevel, words: QueryWords) -> Query:
        """The query for plugins that match at that level."""
        match level:
            case MatchLevel.STRICT:
                return self._match_strictly(words)
            case MatchLevel.SURE:
                return self._match_loosely(words, [self.match_any_exactly(words)])
            case MatchLevel.LOOSE:
                return self._match_loosely(words, [])
            case MatchLevel.MOST:
                return self._match_at_least(words.words, words, len(words.words) - 1)
            case MatchLevel.ANY:
                # Any two long CJK runs share a pair of letters, so half the pairs must match.
                return _sum_any(
                    [self._match_at_least(part, words, -(-len(part) // 2)) for part in words.parts]
                )

    def match_any_exactly(self, words: QueryWords) -> Query:
        """Plugins that contain one of the words, whole and without typing errors; adds no score."""
        some = _sum_any([self._match_word(word, is_open=False) for word in words.words])
        return Query.const_score_query(some, 0.0)

    def _match_strictly(self, words: QueryWords) -> Query:
        clauses = []
        if self._is_scored:
            # `start` also matches every plugin that these two match.
            clauses.append(self._score("exact", words.joined, _EXACT))
            clauses.append(self._score("lead", words.joined, _LEAD))
        # Many names start with a given letter, so a word of one letter, such as `C`, ranks first.
        start = _START if len(words.joined) > 1 else _WORD_START
        clauses.append(self._score("start", words.joined[:PREFIX_CHARS], start))
        if len(words.words) == 1:  # words of a tag are often those of a better name
            clauses.append(self._score("topic_exact", words.joined, _TOPIC))
        clauses.append(self._match_every(words.words, words.last))
        clauses += [
            self._boost(self._match_every(merged, merged[-1]), _MERGED)
            for merged in words.merge_pairs()
        ]
        return _sum_any(clauses)

    def _match_every(self, words: Sequence[str], last: str) -> Query:
        return _match_all([self._match_word(word, is_open=word == last) for word in words])

    def _match_word(self, word: str, *, is_open: bool) -> Query:
        """One word in any field; `is_open` if it may be the beginning of a word."""
        clauses = self._boost_terms(_STEMMED_BOOSTS, stem(word))
        if self._is_scored:
            # A field with the word itself also has its stem.
            clauses += self._boost_terms(_UNSTEMMED_BOOSTS, word)
        clauses.append(self._score("pair", word, _PAIR))
        for synonym in SYNONYMS.get(word, ()):
            clauses += self._boost_terms(_STEMMED_BOOSTS, stem(synonym), _SYNONYM)
        if is_open and len(word) == 1:
            # Nearly every text has a word with a given first letter, so only names count.
            clauses.append(self._score_fuzzy("name_word", word, 0, _WORD_START, is_open=True))
        elif is_open:
            clauses.append(self._score("word_start", word[:PREFIX_CHARS], _WORD_START))
            clauses.append(self._score_fuzzy("word", word, 0, _TEXT_START, is_open=True))
        return self._match_best(clauses)

    def _match_loosely(self, words: QueryWords, required: Sequence[Query]) -> Query:
        """All words with typing errors, and the required clauses; or the query as one word."""
        every = [self._match_word_loosely(word, words) for word in words.words]
        scores = {"lead": _START, "pair": _PAIR}
        if self._is_scored:
            scores = {"exact": _LEAD, **scores}
        return _sum_any([_match_all([*every, *required]), *self._list_joined(words, scores)])

    def _match_at_least(self, some: Sequence[str], words: QueryWords, min_count: int) -> Query:
        """At least `min_count` of some of the words, with typing errors."""
        clauses = [(Occur.Should, self._match_word_loosely(word, words)) for word in some]
        return Query.boolean_query(clauses, minimum_number_should_match=min_count)

    def _match_word_loosely(self, word: str, words: QueryWords) -> Query:
        is_open, max_typos = word == words.last, get_max_typos(word)
        clauses = [self._match_word(word, is_open=is_open)]
        if max_typos:
            clauses.append(self._score_typos("name_word", word, max_typos, _TYPO_IN_NAME))
            clauses.append(self._score_typos("word", word, max_typos, _TYPO_IN_TEXT))
            if is_open:
                clauses.append(self._score_fuzzy("word", word, 1, _TYPO_IN_TEXT / 4, is_open=True))
        return self._match_best(clauses)

    def _list_joined(self, words: QueryWords, scores: Mapping[str, float]) -> list[Query]:
        """The whole query as one word with typing errors, for each field with its score."""
        max_typos = get_max_typos(words.joined) if len(words.joined) <= PREFIX_CHARS * 2 else 0
        if not max_typos:
            return []
        return [
            self._score_typos(field, words.joined, max_typos, score)
            for field, score in scores.items()
        ]

    # ---- suggestions -----------------------------------------------------------------------------

    def build_prefix_query(self, words: QueryWords) -> Query:
        """Names and titles that start with the words, or have words that do."""
        typed = self._score_fuzzy("name_word", words.last, 0, _WORD_START, is_open=True)
        every = [self._score("name_word", word, _WORD_START) for word in words.words[:-1]]
        return _sum_any(
            [
                self._score("exact", words.joined, _EXACT),
                self._score("lead", words.joined, _LEAD),
                self._score("start", words.joined[:PREFIX_CHARS], _START),
                _match_all([*every, typed]),
            ]
        )

    def build_fuzzy_prefix_query(self, words: QueryWords) -> Query:
        """Like `build_prefix_query`, with typing errors."""
        every = [self._match_name_word_loosely(word, words) for word in words.words]
        joined = self._list_joined(words, {"exact": _LEAD, "pair": _PAIR})
        return _sum_any([_match_all(every), *joined])

    def _match_name_word_loosely(self, word: str, words: QueryWords) -> Query:
        is_open, max_typos = word == words.last, get_max_typos(word)
        # An exact match counts more than a similar word.
        clauses = [self._score_fuzzy("name_word", word, 0, _TYPO_IN_NAME * 2, is_open=is_open)]
        if max_typos:
            clauses.append(self._score_typos("name_word", word, max_typos, _TYPO_IN_NAME))
            if is_open:
                clauses.append(self._score_fuzzy("name_word", word, 1, _WORD_START, is_open=True))
        return Query.disjunction_max_query(clauses)

    # ---- filters ---------------------------------------------------------------------------------

    def add_filters(self, query: Query, search: SearchQuery, *, without: str = "") -> Query:
        """The query with the filters of the search, except that of the facet `without`.

        Filters add nothing to scores.
        """
        clauses = [(Occur.Must, query)]
        for name, value in search.filters.items():
            if value and name != without:
                term = Query.term_query(self._schema, FILTER_FIELDS[name], value)
                clauses.append((Occur.Must, Query.const_score_query(term, 0.0)))
        if search.is_verified is not None and without != "trust":
            levels = Query.term_set_query(self._schema, "trust", list(VERIFIED_LEVELS))
            occur = Occur.Must if search.is_verified else Occur.MustNot
            clauses.append((occur, Query.const_score_query(levels, 0.0)))
        if search.hidden:
            hidden = Query.term_set_query(self._schema, "id", sorted(search.hidden))
            clauses.append((Occur.MustNot, hidden))
        return query if len(clauses) == 1 else Query.boolean_query(clauses)

    # ---- clauses ---------------------------------------------------------------------------------

    def _match_best(self, clauses: Sequence[Query]) -> Query:
        """Any of the clauses, scored by the best of them and a little by the others."""
        if not self._is_scored:
            return _sum_any(clauses)
        return Query.disjunction_max_query(clauses, tie_breaker=_TIE_BREAKER)

    def _boost_terms(
        self, boosts: Mapping[str, float], value: str, factor: float = 1.0
    ) -> list[Query]:
        return [
            self._boost(Query.term_query(self._schema, field, value), boost * factor)
            for field, boost in boosts.items()
        ]

    def _boost(self, query: Query, factor: float) -> Query:
        return Query.boost_query(query, factor) if self._is_scored else query

    def _set_score(self, query: Query, score: float) -> Query:
        return Query.const_score_query(query, score) if self._is_scored else query

    def _score(self, field: str, value: str, score: float) -> Query:
        return self._set_score(Query.term_query(self._schema, field, value), score)

    def _score_fuzzy(
        self, field: str, word: str, max_typos: int, score: float, *, is_open: bool = False
    ) -> Query:
        """The word with up to `max_typos` errors; `is_open` if it may be the beginning of a word.

        Two swapped neighbors count as one error.
        """
        return self._set_score(
            Query.fuzzy_term_query(
                self._schema,
                field,
                word,
                distance=max_typos,
                transposition_cost_one=True,
                prefix=is_open,
            ),
            score,
        )

    def _score_typos(self, field: str, word: str, max_typos: int, score: float) -> Query:
        """The word with up to `max_typos` errors; one error scores more than two."""
        if not self._is_scored:
            return self._score_fuzzy(field, word, max_typos, score)
        clauses = [self._score_fuzzy(field, word, 1, score)]
        if max_typos > 1:
            clauses.append(self._score_fuzzy(field, word, max_typos, score * _SECOND_TYPO))
        return Query.disjunction_max_query(clauses)


def _sum_any(clauses: Sequence[Query]) -> Query:
    """Any of the clauses; the scores of those that match add up."""
    return Query.boolean_query([(Occur.Should, clause) for clause in clauses])


def _match_all(clauses: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, clause) for clause in clauses])
