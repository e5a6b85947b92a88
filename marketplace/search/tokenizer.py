"""Splits queries and texts into words, in the same way for every engine.

Names with signs (`C++`) and runs of CJK letters are rewritten before the text is split.
Folding is lower case without accents; stemming removes English endings.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from common.once import built_once
from marketplace.search.cjk_runs import fold_runs, has_run, list_runs, split_run, split_runs
from marketplace.search.signed_names import spell_names

MAX_WORDS = 10
MAX_WORD_CHARS = 40

# These words do not describe a plugin. They count only if a query has no others.
_STOP_WORD_LIST = (
    "a an and are as at be by for from i in into is it my of on or that the this to use using"
    " via want what which with your you plugin plugins"
)
STOP_WORDS = frozenset(_STOP_WORD_LIST.split())

# Each line is a group of words with the same meaning. British spellings belong here: people type
# them.
_SYNONYM_GROUPS = (
    "postgres postgresql pg psql",
    "kubernetes k8s",
    "javascript js",
    "typescript ts",
    "python py",
    "golang go",
    "authentication auth authn login",
    "authorization authorisation authz",
    "database db",
    "email mail",
    "documentation docs",
    "repository repo",
    "accessibility a11y",
    "internationalization internationalisation i18n",
    "localization localisation l10n",
    "observability o11y",
    "config configuration",
    "license licence",
    "color colour",
)
SYNONYMS: dict[str, tuple[str, ...]] = {
    word: tuple(other for other in line.split() if other != word)
    for line in _SYNONYM_GROUPS
    for word in line.split()
}


# `remove_long` counts bytes of UTF-8, of which a letter has up to four.
@built_once
def get_stemmer() -> TextAnalyzer:
    """The analyzer that splits at everything except letters and digits, folds and stems."""
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(MAX_WORD_CHARS * 4))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .filter(Filter.stemmer("english"))
        .build()
    )


@built_once
def get_splitter() -> TextAnalyzer:
    """The analyzer of `get_stemmer` without stemming."""
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(MAX_WORD_CHARS * 4))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .build()
    )


def split_words(text: str) -> list[str]:
    """The folded words of a query in order; a CJK run gives its pairs of letters."""
    return get_splitter().analyze(split_runs(spell_names(text)))


def prepare_text(text: str) -> str:
    """A text to index, ready for the analyzers: with parts of names, and letters of CJK runs."""
    return split_runs(spell_names(text, with_parts=True), with_letters=True)


def split_text(text: str) -> list[str]:
    """The folded words to index for a text: `split_words` and what `prepare_text` adds."""
    return get_splitter().analyze(prepare_text(text))


def split_whole(text: str) -> list[str]:
    """The folded words of a text with each CJK run as one word, for matches from the beginning."""
    return get_splitter().analyze(fold_runs(spell_names(text)))


def fold(word: str) -> str:
    """The folded form of one word or name with signs."""
    if word.isascii() and word.isalnum():
        return word.lower()
    return "".join(split_whole(word))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a folded word."""
    stems = get_stemmer().analyze(word)
    return stems[0] if stems else word


def join_words(text: str) -> str:
    """The text as one word: `@ar/Slack-Bridge` and `ar slack bridge` both give `arslackbridge`."""
    return "".join(split_whole(text))


@dataclass(frozen=True, slots=True)
class QueryWords:
    """A parsed query: its significant words, all words joined, and its CJK runs as typed."""

    words: tuple[str, ...]
    joined: str
    runs: tuple[str, ...] = ()

    @property
    def last(self) -> str:
        """The last word, which may be incomplete while the user types."""
        return self.words[-1]

    @property
    def parts(self) -> list[tuple[str, ...]]:
        """The words as a person counts them: each word, and the pairs of each CJK run together."""
        run_parts = [tuple(p for p in split_run(run) if p in self.words) for run in self.runs]
        single = [(word,) for word in self.words if not has_run(word)]
        return [*single, *filter(None, run_parts)]

    def merge_pairs(self) -> list[tuple[str, ...]]:
        """The words with two neighbors written as one, for each such pair.

        Pairs of letters of a CJK run are not joined.
        """
        words = self.words
        return [
            (*words[:i], words[i] + words[i + 1], *words[i + 2 :])
            for i in range(len(words) - 1)
            if not (has_run(words[i]) or has_run(words[i + 1]))
        ]


def parse_query(text: str) -> QueryWords:
    """Parse a query: its first `MAX_WORDS` words, without stop words if there are others."""
    # The limits bound the number of clauses and the cost of fuzzy terms in the engines.
    every = [word[:MAX_WORD_CHARS] for word in split_words(text)][:MAX_WORDS]
    significant = [word for word in every if word not in STOP_WORDS]
    runs = tuple(list_runs(text))
    whole = [word[:MAX_WORD_CHARS] for word in split_whole(text)][:MAX_WORDS] if runs else every
    return QueryWords(tuple(dict.fromkeys(significant or every)), "".join(whole), runs)


def has_only_signs(text: str) -> bool:
    """Whether a query is not empty but has nothing to search for, such as `…` or `++`."""
    return bool(text.strip()) and not split_words(text)


def pair_words(words: list[str]) -> list[str]:
    """Neighbors written as one word, so that `slackbridge` finds `slack bridge`."""
    return [first + second for first, second in itertools.pairwise(words)]


def get_max_typos(word: str) -> int:
    """How many typing errors a word may have: 0 up to 3 letters, 1 up to 7, otherwise 2.

    0 for CJK letters: a single one of them carries as much meaning as a word elsewhere.
    """
    if len(word) < 4 or has_run(word):
        return 0
    return 1 if len(word) < 8 else 2
