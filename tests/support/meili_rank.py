"""Meilisearch's ranking, in memory: one rule after the other, each only among what is equal so far.

It follows what the rules are documented to do and how the server's own tests pin them down:
`words`, `typo`, `attribute` (which attribute, then where in it), `exactness` (an attribute that is
the query, then one that begins with it, then words as written) and `proximity`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeAlias

from tests.support.meili_words import Place, Term, Words

MOST_WORDS = 10
_LONGEST_TERM = 3
_FAR = 3
_DISTANCES = (0, 1, 4, 7, 11, 16, 24, 64, 256, 1024)

Path: TypeAlias = list[Term]
# Costs in the order of the rules, and the score from 0 to -1.
Rank: TypeAlias = tuple[tuple[int, ...], float]


class Ranking:
    """One query on one index."""

    def __init__(
        self,
        index: Words,
        words: list[str],
        settings: Mapping[str, Any],
        quoted: frozenset[int] = frozenset(),
    ) -> None:
        self._index, self._words = index, words[:MOST_WORDS]
        self._rules: list[str] = settings["rankingRules"]
        self._terms = {
            (first, size): index.make_term(self._words, first, size, settings)
            for first in range(len(self._words))
            for size in range(1, _LONGEST_TERM + 1)
            if first + size <= len(self._words) and quoted.isdisjoint(range(first, first + size))
        } | {(first, 1): index.make_quoted_term(self._words[first], first) for first in quoted}

    def rank(self, strategy: str) -> dict[int, Rank]:
        """The documents that match, each with what the rules say of it; less is better."""
        weights = self._weigh(strategy)
        found: dict[int, Rank] = {}
        # What has been left out, from nothing on: every word weighing no more than that.
        for step, least in enumerate([0, *sorted(set(weights))[:-1]]):
            for path in filter(None, self._list_paths(0, weights, least)):
                for number in set.intersection(*(term.list_documents() for term in path)):
                    costs = [(step, len(self._words)), *self._judge(number, path)]
                    rank = (tuple(cost for cost, _ in costs), -_rate(costs))
                    found[number] = min(rank, found.get(number, rank))
        return found

    def _weigh(self, strategy: str) -> list[int]:
        """Of each word, when it is left out: 1 first; what weighs most never is."""
        if strategy == "all":
            return [0] * len(self._words)
        if strategy == "last":
            return [len(self._words) - place for place in range(len(self._words))]
        counts = []
        for place in range(len(self._words)):
            documents: set[int] = set()
            for term in self._terms.values():
                if term.first <= place < term.first + term.size:
                    documents |= term.list_documents()
            counts.append(len(documents) or math.inf)
        order = sorted(set(counts), reverse=True)
        return [order.index(count) + 1 for count in counts]

    def _list_paths(self, start: int, weights: list[int], least: int) -> Iterator[Path]:
        """The ways to read the query as terms, without those left out."""
        if start == len(self._words):
            yield []
            return
        for size in range(1, _LONGEST_TERM + 1):
            if (start, size) in self._terms:
                is_left_out = least > 0 and max(weights[start : start + size]) <= least
                head = [] if is_left_out else [self._terms[start, size]]
                for rest in self._list_paths(start + size, weights, least):
                    yield [*head, *rest]

    def _judge(self, number: int, path: Path) -> Iterator[tuple[int, int]]:
        """What each rule says, and the worst that it could."""
        located = [(term, *self._find(term, number)) for term in path]
        size = sum(term.size for term in path)
        for rule in self._rules:
            if rule == "typo":
                joined = sum(term.size for term in path if term.size > 1)
                most = sum(term.most for term in path)
                yield sum(errors for _, errors, _ in located) + joined, most + joined
            elif rule == "attribute":
                ranks = [t.size * min(rank for rank, _, _ in places) for t, _, places in located]
                yield sum(ranks), size * (self._index.attributes - 1)
                yield sum(_judge_position(t, places) for t, _, places in located), size * 10
            elif rule == "exactness":
                yield self._compare_attributes(number, path), 2
                yield sum(0 if self._is_exact(t, number) else t.size for t in path), size
            elif rule == "proximity":
                steps = [_measure(one[2], two[2], two[0]) for one, two in pairwise(located)]
                yield sum(steps), _FAR * len(steps) + size - len(path)

    @staticmethod
    def _find(term: Term, number: int) -> tuple[int, list[Place]]:
        found = term.find(number)
        assert found is not None
        return found

    def _is_exact(self, term: Term, number: int) -> bool:
        return term.size == 1 and number in self._index.places.get(term.exact, ())

    def _compare_attributes(self, number: int, path: Path) -> int:
        """0 where an attribute is the query, 1 where one begins with it."""
        if not all(self._is_exact(term, number) for term in path) or path[0].first:
            return 2
        every = [self._index.places[term.exact][number] for term in path]
        if not all(
            any(place == term.first for _, place in places)
            for term, places in zip(path, every, strict=True)
        ):
            return 2
        shared = set.intersection(*({rank for rank, _ in places} for places in every))
        if any(self._index.sizes[number, rank] == len(path) for rank in shared):
            return 0
        return 1 if shared else 2


def _rate(costs: list[tuple[int, int]]) -> float:
    """From 0 to 1: the first rule says in which part of that, the next where in that part."""
    share, score = 1.0, 0.0
    for cost, most in costs:
        share /= most + 1
        score += (most - cost) * share
    return score + share


def _judge_position(term: Term, places: list[Place]) -> int:
    return min(
        sum(
            _judge_distance(abs(_put_in_bucket(place) - term.first) + step)
            for step in range(term.size)
        )
        for _, place, _ in places
    )


def _put_in_bucket(place: int) -> int:
    if place < 16:
        return place
    return 24 if place < 24 else int(2 ** math.ceil(math.log2(place)))


def _judge_distance(distance: int) -> int:
    return next((cost for cost, most in enumerate(_DISTANCES) if distance <= most), 10)


def _measure(left: list[Place], right: list[Place], term: Term) -> int:
    """How far two neighbours of the query are apart in a document; the wrong way round is one more."""
    nearest = _FAR
    for rank, place, size in left:
        for other, there, _ in right:
            if rank == other:
                step = there - (place + size - 1)
                nearest = min(nearest, step - 1 if step > 0 else place - there)
    return max(0, nearest) + term.size - 1
