"""Words of queries and texts: cut, folded, stemmed and compared alike everywhere."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache, lru_cache

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from marketplace.search.runs import cut_run, cut_runs, fold_runs, has_run, list_runs

MAX_WORDS = 10
MAX_WORD_CHARS = 40

# Say nothing about a plugin in a registry of plugins; they count only when nothing else is there.
_SAY_NOTHING = (
    "a an and are as at be by for from i in into is it my of on or that the this to use using"
    " via want what which with your you plugin plugins"
)
STOP_WORDS = frozenset(_SAY_NOTHING.split())

# Words that people use for the same thing. Each line is looked up from every one of its words.
_SAME = (
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
    for line in _SAME
    for word in line.split()
}


@cache
def get_stemmer() -> TextAnalyzer:
    """Cuts at what is no letter or digit, folds case and accents, stems English."""
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(MAX_WORD_CHARS * 4))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .filter(Filter.stemmer("english"))
        .build()
    )


@cache
def get_splitter() -> TextAnalyzer:
    """As `get_stemmer`, without the stemming."""
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(MAX_WORD_CHARS * 4))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .build()
    )


def split_words(text: str) -> list[str]:
    """The words of a query, folded, in order. A run without blanks gives its pairs of letters."""
    return get_splitter().analyze(cut_runs(text))


def split_text(text: str) -> list[str]:
    """The words by which a text is found: those of `split_words`, and each letter of a run."""
    return get_splitter().analyze(cut_runs(text, with_letters=True))


def split_whole(text: str) -> list[str]:
    """The words of a text with each run as one: for what is compared from its beginning."""
    return get_splitter().analyze(fold_runs(text))


def fold(word: str) -> str:
    """One word without case and accents."""
    if word.isascii():
        return word.lower()
    return "".join(split_whole(word))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """What is left of a folded word without its ending."""
    found = get_stemmer().analyze(word)
    return found[0] if found else word


def join_words(text: str) -> str:
    """The text as one word: `@ar/Slack-Bridge` and `ar slack bridge` both give `arslackbridge`."""
    return "".join(split_whole(text))


@dataclass(frozen=True, slots=True)
class QueryWords:
    """The words of a query that count, all of them as one, and its runs as they were written."""

    words: tuple[str, ...]
    joined: str
    runs: tuple[str, ...] = ()

    @property
    def last(self) -> str:
        """The word that may still be being typed."""
        return self.words[-1]

    @property
    def parts(self) -> list[tuple[str, ...]]:
        """What a person would call its words: each word, and the pieces of each run together."""
        pieces = [tuple(p for p in cut_run(run) if p in self.words) for run in self.runs]
        lone = [(word,) for word in self.words if not has_run(word)]
        return [*lone, *filter(None, pieces)]

    def merge_pairs(self) -> list[tuple[str, ...]]:
        """The words with two neighbours written as one, each pair in turn.

        Pieces of a run are no words.
        """
        words = self.words
        return [
            (*words[:place], words[place] + words[place + 1], *words[place + 2 :])
            for place in range(len(words) - 1)
            if not (has_run(words[place]) or has_run(words[place + 1]))
        ]


def read_query(text: str) -> QueryWords:
    """The first words of a query, without those that say nothing; empty if there is none."""
    every = [word[:MAX_WORD_CHARS] for word in split_words(text)][:MAX_WORDS]
    telling = [word for word in every if word not in STOP_WORDS]
    runs = tuple(list_runs(text))
    whole = [word[:MAX_WORD_CHARS] for word in split_whole(text)][:MAX_WORDS] if runs else every
    return QueryWords(tuple(dict.fromkeys(telling or every)), "".join(whole), runs)


def pair_words(words: list[str]) -> list[str]:
    """Neighbours written as one, so that `slackbridge` finds `slack bridge`."""
    return [first + second for first, second in itertools.pairwise(words)]


def get_typos(word: str) -> int:
    """How many typing errors a word may have: none up to 3 letters, one up to 7, else two.

    None where a letter says as much as elsewhere a word.
    """
    if len(word) < 4 or has_run(word):
        return 0
    return 1 if len(word) < 8 else 2


def count_edits(first: str, second: str, most: int) -> int:
    """Letters to insert, drop, replace or swap with a neighbour; `most` + 1 if it is more.

    The optimal string alignment distance, given up as soon as it must pass `most`.
    """
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        row = [i]
        for j, b in enumerate(second, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]
