"""Which words of a plugin's texts were meant, and what the query was probably meant to be.

Both look at the rows that are shown, not at the index: so they are right whatever the index says,
and the same for every engine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from marketplace.search.runs import LETTER, cut_run, fold_run, has_run
from marketplace.search.words import (
    SYNONYMS,
    QueryWords,
    count_edits,
    fold,
    get_typos,
    pair_words,
    split_words,
    stem,
)
from registry.models import Plugin

# Letters and digits, as the engines cut words; and runs without blanks.
_WORD = re.compile(r"[^\W_]+")
_WORD_OR_RUN = re.compile(rf"({LETTER}+)|(?:(?!{LETTER})[^\W_])+")
_EXCERPT_CHARS = 200
_LEAD_CHARS = 40
_LOOKED_AT = 10
_SURE_AT = 3


@dataclass(frozen=True, slots=True)
class Highlight:
    """A text in pieces: (text, whether it is a match)."""

    parts: tuple[tuple[str, bool], ...]

    @property
    def html(self) -> str:
        """The text, escaped, with matches in `<mark>`."""
        return "".join(
            f"<mark>{escape(text)}</mark>" if is_match else escape(text)
            for text, is_match in self.parts
        )


class WordFinder:
    """Finds the words of one query in texts."""

    def __init__(self, words: QueryWords) -> None:
        self._words = words
        self._stems = {stem(word) for word in words.words}
        self._stems |= {stem(other) for word in words.words for other in SYNONYMS.get(word, ())}
        self._stems |= {stem(pair) for pair in pair_words(list(words.words))}
        self._typos = [(word, get_typos(word)) for word in words.words]
        # No word is meant that begins otherwise: most are told by that alone.
        self._initials = {word[0] for word in (*words.words, *self._stems) if word}
        self._verdicts: dict[str, bool] = {}

    def mark(self, text: str) -> Highlight | None:
        """The text with its matches; None if it has none. A long text is cut around the first."""
        spans = list(self._find_spans(text))
        return _cut(text, spans) if spans else None

    def _find_spans(self, text: str) -> Iterator[tuple[int, int]]:
        pieces = _list_pieces(self._words.runs, text)
        for found in (_WORD_OR_RUN if has_run(text) else _WORD).finditer(text):
            if not found.lastindex:
                if self._is_meant(found[0]):
                    yield found.span()
            elif pieces:
                first = found.start()
                yield from ((first + a, first + b) for a, b in _find_pieces(found[0], pieces))

    def _is_meant(self, word: str) -> bool:
        verdict = self._verdicts.get(word)
        if verdict is None:
            verdict = self._verdicts[word] = self._judge(word)
        return verdict

    def _judge(self, found: str) -> bool:
        word = fold(found)
        if not word or word[0] not in self._initials:
            return False
        return stem(word) in self._stems or self._is_like(word)

    def _is_like(self, word: str) -> bool:
        """A word that begins with the last one, is part of a joined one, or has a typing error."""
        if len(self._words.last) > 1 and word.startswith(self._words.last):
            return True
        for wanted, most in self._typos:
            if word[0] != wanted[0]:
                continue
            if most and count_edits(word, wanted, most) <= most:
                return True
            if 2 < len(word) < len(wanted) - 2 and wanted.startswith(word):
                return True
        return False


def _list_pieces(runs: Sequence[str], text: str) -> list[str]:
    """What of the query's runs to look for: each as it is, or its pairs if it is not there."""
    pieces = [piece for run in runs for piece in ([run] if run in text else cut_run(run))]
    return sorted(pieces, key=len, reverse=True)


def _find_pieces(run: str, pieces: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where the pieces are in a run; those that touch or overlap as one."""
    folded = fold_run(run)
    # Half-width letters with marks are two where the usual form is one: then places differ.
    known = folded if len(folded) == len(run) else run
    looked = re.compile(f"(?=({'|'.join(map(re.escape, pieces))}))")
    first = last = -1
    for found in looked.finditer(known):
        if found.start() > last >= 0:
            yield first, last
        if found.start() > last:
            first = found.start()
        last = max(last, found.end(1))
    if last > 0:
        yield first, last


def _cut(text: str, spans: Sequence[tuple[int, int]]) -> Highlight:
    begin, end = 0, len(text)
    if end > _EXCERPT_CHARS:
        begin = max(0, spans[0][0] - _LEAD_CHARS)
        # At a blank, where there is one.
        begin = max(begin, text.rfind(" ", max(0, begin - _LEAD_CHARS), begin) + 1)
        end = min(end, begin + _EXCERPT_CHARS)
    parts: list[tuple[str, bool]] = [("…", False)] if begin else []
    place = begin
    for first, last in spans:
        if first < place or last > end:
            continue
        parts += [(text[place:first], False), (text[first:last], True)]
        place = last
    parts += [(text[place:end], False)]
    if end < len(text):
        parts.append(("…", False))
    return Highlight(tuple((piece, is_match) for piece, is_match in parts if piece))


def highlight_plugins(
    words: QueryWords, plugins: Iterable[Plugin]
) -> dict[int, dict[str, Highlight]]:
    """The matches in name, title and description of each plugin; texts without any left out."""
    if not words.words:
        return {}
    finder = WordFinder(words)
    found = {}
    for plugin in plugins:
        texts: Mapping[str, str] = {
            "name": plugin.name,
            "displayName": plugin.display_name,
            "description": plugin.description,
        }
        marked = {field: finder.mark(text) for field, text in texts.items() if text}
        found[plugin.pk] = {field: mark for field, mark in marked.items() if mark is not None}
    return found


def correct_query(words: QueryWords, plugins: Sequence[Plugin]) -> str | None:
    """The query with the words that these results have in place of those that none has.

    None if every word of the query is in them, or nothing in them is like it; and for runs, in
    which nobody knows the words.
    """
    if words.runs or _has_all(words, plugins[:_SURE_AT]):
        return None
    vocabulary = _count_words(plugins[:_LOOKED_AT])
    stems = {stem(word) for word in vocabulary}
    corrected = []
    for word in words.words:
        better = word if _is_known(word, words, vocabulary, stems) else _find_like(word, vocabulary)
        if better is None:
            return None
        corrected.append(better)
    return " ".join(corrected) if tuple(corrected) != words.words else None


def _has_all(words: QueryWords, plugins: Sequence[Plugin]) -> bool:
    """Whether the best results alone have every word: the usual case, and quick to tell."""
    texts = " ".join(f"{p.name} {p.display_name} {p.description}" for p in plugins)
    found = {stem(word) for word in split_words(texts)}
    return all(stem(word) in found for word in words.words)


def _count_words(plugins: Sequence[Plugin]) -> Counter[str]:
    """The words of the plugins; those of names count more, for they are what people look for."""
    counted: Counter[str] = Counter()
    for place, plugin in enumerate(plugins):
        weight = _LOOKED_AT - place
        names = split_words(f"{plugin.name} {plugin.display_name}")
        tags = " ".join([*plugin.document.get("tags", ()), *plugin.document.get("categories", ())])
        for word in [*names, *pair_words(names), *split_words(tags)]:
            counted[word] += 3 * weight
        for word in split_words(f"{plugin.description} {plugin.author_name}"):
            counted[word] += weight
    return counted


def _is_known(
    word: str, words: QueryWords, vocabulary: Mapping[str, int], stems: frozenset[str] | set[str]
) -> bool:
    if word in vocabulary or stem(word) in stems:
        return True
    if any(other in vocabulary for other in SYNONYMS.get(word, ())):
        return True
    if any(pair in vocabulary for pair in pair_words(list(words.words)) if word in pair):
        return True
    return word == words.last and any(known.startswith(word) for known in vocabulary)


def _find_like(word: str, vocabulary: Mapping[str, int]) -> str | None:
    most = get_typos(word)
    best: tuple[int, int, str] | None = None
    for known, count in vocabulary.items():
        edits = count_edits(word, known, most) if most else most + 1
        if edits <= most and (best is None or (edits, -count, known) < best):
            best = (edits, -count, known)
    return best[2] if best else None
