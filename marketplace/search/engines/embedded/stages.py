"""The ways to understand a query, strictest first: the first that finds something counts."""

from __future__ import annotations

from enum import Enum

from marketplace.search.words import QueryWords, get_typos


class Stage(Enum):
    """What must be there: every word; every word, with typing errors; all words but one; any word.

    `SURE` stands in for `LOOSE` where one of the words is known: then one must be as it was written.
    """

    STRICT = "strict"
    SURE = "sure"
    LOOSE = "loose"
    MOST = "most"
    ANY = "any"

    @property
    def is_partial(self) -> bool:
        """Whether words may be missing."""
        return self in (Stage.MOST, Stage.ANY)


def list_stages(words: QueryWords) -> list[Stage]:
    """The stages that can differ for these words, `SURE` left out."""
    stages = [Stage.STRICT]
    if has_typos(words):
        stages.append(Stage.LOOSE)
    if len(words.words) > 2:
        stages.append(Stage.MOST)
    if len(words.words) > 1:
        stages.append(Stage.ANY)
    return stages


def has_typos(words: QueryWords) -> bool:
    """Whether there is a word long enough for typing errors."""
    return any(map(get_typos, words.words)) or get_typos(words.joined) > 0
