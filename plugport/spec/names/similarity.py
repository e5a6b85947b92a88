"""Names that a user can type or remember instead of another one.

Names with equal collision keys cannot be registered. This module lists the keys of names that differ
a little more: by one letter, two swapped letters, a plural, the order of the words, or the place of
the scope. All keys are computed from one name, so a registry finds similar plugins by looking these
keys up, without reading its catalog.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

from plugport.spec.names.confusables import fold_part
from plugport.spec.names.model import PluginName

# One letter makes a difference in `s3` and `k3`, and most short words have a neighbor.
MIN_TYPO_CHARS = 4
# More words have too many orders; of those only the exchanges of neighbors count.
MAX_PERMUTED_WORDS = 5
# All characters of a collision key: `i` and `1` are `l`, `0` is `o`.
_ALPHABET = "abcdefghjklmnopqrstuvwxyz23456789"
_SEPARATORS = re.compile(r"[.-]+")


def list_similar_keys(name: PluginName) -> frozenset[str]:
    """Return the collision keys of all names similar to this one: at most 5,000.

    In a scope, only the scope is varied: all names inside it have the same owner.
    """
    keys: set[str] = set()
    if name.scope is None:
        keys.update(_list_part_keys(name.name))
        keys.update(_list_cuts(fold_part(name.name)))
    else:
        own = fold_part(name.name)
        keys.update(f"{key}/{own}" for key in _list_part_keys(name.scope))
        joined = fold_part(name.scope + name.name)
        # `@slack/bridge` and `slack-bridge`, `@slack-bridge/tools` and `@slack/bridge-tools`.
        keys.add(joined)
        keys.update(_list_cuts(joined))
    return frozenset(keys - {name.collision_key})


def _list_cuts(key: str) -> Iterator[str]:
    """Yield the keys of the same characters with a scope."""
    return (f"{key[:index]}/{key[index:]}" for index in range(1, len(key)))


def _list_part_keys(part: str) -> Iterator[str]:
    """Yield the keys of all similar spellings of a name without a scope, or of a scope."""
    key = fold_part(part)
    if len(key) >= MIN_TYPO_CHARS:
        yield from (fold_part(typo) for typo in _list_typos(key) if len(typo) >= MIN_TYPO_CHARS)
    words = _SEPARATORS.split(part)
    for order in _list_orders(words):
        yield fold_part("".join(order))
    # `buckettoken` and `token-bucket`: the place of the separators is unknown.
    yield from (fold_part(key[index:] + key[:index]) for index in range(1, len(key)))
    for number, word in enumerate(words):
        for other in _list_plurals(word):
            yield fold_part("".join([*words[:number], other, *words[number + 1 :]]))


def _list_typos(text: str) -> Iterator[str]:
    """Yield every text at distance 1: a character more, less or other, or two exchanged."""
    for index in range(len(text) + 1):
        head, tail = text[:index], text[index:]
        for char in _ALPHABET:
            yield head + char + tail
            if tail:
                yield head + char + tail[1:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]


def _list_orders(words: list[str]) -> Iterator[list[str]]:
    if len(words) <= MAX_PERMUTED_WORDS:
        yield from (list(order) for order in permutations(words))
        return
    yield words[::-1]
    for index in range(len(words) - 1):
        yield [*words[:index], words[index + 1], words[index], *words[index + 2 :]]


def _list_plurals(word: str) -> Iterator[str]:
    """Yield the plurals and the singulars that a word may have in English."""
    yield f"{word}s"
    yield f"{word}es"
    if word.endswith("y"):
        yield f"{word[:-1]}ies"
    if word.endswith("ies") and len(word) > 3:
        yield f"{word[:-3]}y"
    for ending in ("es", "s"):
        if word.endswith(ending) and len(word) > len(ending):
            yield word.removesuffix(ending)
