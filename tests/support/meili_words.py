"""The words of an index of the stand-in for Meilisearch, and how words of a query find them."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

# Between two elements of a list.
_GAP = 8
_MOST_DERIVED = {0: 1000, 1: 150, 2: 50}
# Older servers also cut before a capital letter inside a word.
_WORD = re.compile(r"[^\W_]+?(?=(?<=[^\W\dA-Z_])[A-Z])|[^\W_]+")

# Attribute, position of the first word, number of words.
Place: TypeAlias = tuple[int, int, int]


def fold(text: str) -> str:
    """Without case and accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if not unicodedata.combining(char)).lower()


def cut(text: str) -> list[str]:
    return [fold(word) for word in _WORD.findall(text)]


def cut_query(text: str) -> tuple[list[str], frozenset[int]]:
    """The words of a query, and which of them stand in quotes: one in each pair is all we ask."""
    words: list[str] = []
    quoted = set()
    for number, part in enumerate(text.split('"')):
        found = cut(part)
        if number % 2:
            assert len(found) == 1, "phrases of several words are not known here"
            quoted.add(len(words))
        words += found
    return words, frozenset(quoted)


def flatten(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def count_edits(wanted: str, found: str, most: int, *, is_prefix: bool) -> int:
    """Letters to insert, drop, replace or swap, up to `most` + 1; of the nearest beginning of
    `found` for a prefix.
    """
    before: list[int] = []
    last = list(range(len(wanted) + 1))
    best = last[-1]
    for i, a in enumerate(found, 1):
        row = [i]
        for j, b in enumerate(wanted, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == wanted[j - 2] and found[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
        best = min(best, row[-1])
        if min(row) > most:
            break
    else:
        if not is_prefix:
            best = last[-1]
        return min(best, most + 1)
    return min(best, most + 1) if is_prefix else most + 1


@dataclass(frozen=True)
class Term:
    """Some neighbouring words of a query as one. `levels`: places by document, by typing errors, of
    which there may be `most`.
    """

    first: int
    size: int
    exact: str
    most: int
    levels: tuple[Mapping[int, list[Place]], ...]

    def find(self, number: int) -> tuple[int, list[Place]] | None:
        """With how few typing errors a document has it, and where."""
        for errors, level in enumerate(self.levels):
            if number in level:
                return errors, level[number]
        return None

    def list_documents(self) -> set[int]:
        return set().union(*self.levels)


class Words:
    """Every word of some attributes of some documents, with its places."""

    def __init__(
        self, documents: Mapping[int, Mapping[str, Any]], attributes: tuple[str, ...]
    ) -> None:
        self.places: dict[str, dict[int, list[tuple[int, int]]]] = defaultdict(dict)
        self.sizes: dict[tuple[int, int], int] = {}
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.attributes = len(attributes)
        for number, document in documents.items():
            pairs = set()
            for rank, attribute in enumerate(attributes):
                found = list(_place(flatten(document.get(attribute))))
                self.sizes[number, rank] = len(found)
                for place, word in found:
                    self.places[word].setdefault(number, []).append((rank, place))
                pairs |= {
                    (one, two)
                    for (here, one), (there, two) in itertools.pairwise(found)
                    if there == here + 1
                }
            self.pairs.update(pairs)

    def make_quoted_term(self, word: str, first: int) -> Term:
        """The term of a word in quotes: as it is written."""
        return Term(first, 1, word, 0, (self._locate([(word,)]),))

    def make_term(
        self, words: list[str], first: int, size: int, settings: Mapping[str, Any]
    ) -> Term:
        """The term that the words `first` to `first + size` of a query make."""
        text = "".join(words[first : first + size])
        is_prefix = first + size == len(words)
        sizes = settings["typoTolerance"]["minWordSizeForTypos"]
        most = (len(text) >= sizes["oneTypo"]) + (len(text) >= sizes["twoTypos"])
        most = max(0, most - (size - 1))
        derived = self._derive(text, most, is_prefix=is_prefix)
        if size == 1:
            derived[0] += [tuple(cut(other)) for other in settings["synonyms"].get(text, [])]
        halves = self._split(text)
        if halves and halves != tuple(words[first : first + size]):
            derived[1].append(halves)
        # Any word may be two that were written as one, which counts as an error.
        levels = tuple(self._locate(ways) for ways in derived)
        return Term(first, size, text, max(1, most), levels)

    def _derive(self, text: str, most: int, *, is_prefix: bool) -> list[list[tuple[str, ...]]]:
        derived: list[list[tuple[str, ...]]] = [[], [], []]
        for word in sorted(self.places):
            if len(word) < len(text) - most or (not is_prefix and len(word) > len(text) + most):
                continue
            # Another first letter counts as two errors.
            is_other = word[0] != text[0]
            if is_other and most < 2:
                continue
            limit = most - is_other
            edits = count_edits(text, word, limit, is_prefix=is_prefix)
            level = edits + is_other
            if edits <= limit and len(derived[level]) < _MOST_DERIVED[level]:
                derived[level].append((word,))
        return derived

    def _split(self, text: str) -> tuple[str, str] | None:
        """The two words, most often seen side by side, that the word is made of."""
        ways = [(text[:place], text[place:]) for place in range(1, len(text))]
        best = max(ways, key=lambda way: self.pairs[way], default=None)
        return best if best and self.pairs[best] else None

    def _locate(self, ways: Iterable[tuple[str, ...]]) -> dict[int, list[Place]]:
        found: dict[int, list[Place]] = {}
        for way in ways:
            for number, places in self.places.get(way[0], {}).items():
                for rank, place in places:
                    if all(
                        (rank, place + step) in self.places.get(word, {}).get(number, ())
                        for step, word in enumerate(way)
                    ):
                        found.setdefault(number, []).append((rank, place, len(way)))
        return found


def _place(texts: list[str]) -> Iterator[tuple[int, str]]:
    """The words with their positions."""
    place = 0
    for number, text in enumerate(texts):
        place += _GAP if number else 0
        for step, word in enumerate(cut(text)):
            place += 1 if step else 0
            yield place, word
