"""What the two ways of writing queries share: which query a stage asks for, and its smallest parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import tantivy
from tantivy import Occur, Query

from marketplace.search.engines.embedded.fields import PREFIX_CHARS
from marketplace.search.engines.embedded.stages import Stage
from marketplace.search.words import QueryWords, get_typos


class StagedMatcher(ABC):
    """Builds the query of each stage; how words are matched is for the two kinds to say."""

    def __init__(self, schema: tantivy.Schema) -> None:
        self._schema = schema

    def match(self, stage: Stage, words: QueryWords) -> Query:
        """What is found at that stage."""
        match stage:
            case Stage.STRICT:
                return self._match_strictly(words)
            case Stage.SURE:
                return self._match_loosely(words, [self.match_some(words)])
            case Stage.LOOSE:
                return self._match_loosely(words, [])
            case Stage.MOST:
                return self._match_of(words.words, words, len(words.words) - 1)
            case Stage.ANY:
                # A piece of a run says little: there must be half of them.
                ways = [self._match_of(part, words, -(-len(part) // 2)) for part in words.parts]
                return Query.boolean_query([(Occur.Should, way) for way in ways])

    def _match_of(self, some: Sequence[str], words: QueryWords, least: int) -> Query:
        """At least so many of some of the words, typing errors forgiven."""
        ways = [(Occur.Should, self._match_word_loosely(word, words)) for word in some]
        return Query.boolean_query(ways, minimum_number_should_match=least)

    def match_some(self, words: QueryWords) -> Query:
        """What has one of the words, whole and without a typing error; without ranks."""
        every = [self._match_word(word, is_open=False) for word in words.words]
        some = Query.boolean_query([(Occur.Should, word) for word in every])
        return Query.const_score_query(some, 0.0)

    @abstractmethod
    def _match_strictly(self, words: QueryWords) -> Query:
        """All words, as they were written or by their stems."""

    @abstractmethod
    def _match_word(self, word: str, *, is_open: bool) -> Query:
        """One word in any field; `is_open` if it may be the beginning of a word."""

    @abstractmethod
    def _match_loosely(self, words: QueryWords, also: Sequence[Query]) -> Query:
        """All words, typing errors forgiven, where the others match, too; or the query as one."""

    @abstractmethod
    def _match_word_loosely(self, word: str, words: QueryWords) -> Query:
        """One of the words, typing errors forgiven."""

    def _get_joined_typos(self, words: QueryWords) -> int:
        """How many errors the whole query as one word may have; 0 where no name is so long."""
        return get_typos(words.joined) if len(words.joined) <= PREFIX_CHARS * 2 else 0

    def _fuzzy(self, field: str, word: str, most: int, *, is_open: bool = False) -> Query:
        """The word with up to `most` errors; `is_open` if it may be the beginning of a word."""
        return Query.fuzzy_term_query(
            self._schema, field, word, distance=most, transposition_cost_one=True, prefix=is_open
        )

    def _term(self, field: str, value: str) -> Query:
        return Query.term_query(self._schema, field, value)
