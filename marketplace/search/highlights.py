"""Highlights of matched words, and spelling suggestions.

Both read the rows that are shown, not the index: so they fit the texts on the page even while the
index is behind, and are equal for all engines and the database.

The engines' own highlights were tried and cannot replace this:

- tantivy 0.27: `SnippetGenerator` marks the terms of term queries only. A typing error (`mesages`)
  or the beginning of a word (`chan`), which are fuzzy term queries here, marks nothing. For CJK
  runs it returns the indexed pairs of letters in place of the text.
- Meilisearch: `_formatted` returns stored fields. They hold folded words (`build_meili_document`),
  not the text that readers see.
- Neither exists while the engine is down and results come from the database.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from rapidfuzz.distance import OSA

from marketplace.search.cjk_runs import CJK_LETTER, fold_run, has_run, split_run
from marketplace.search.signed_names import SIGNED_NAME
from marketplace.search.tokenizer import (
    SYNONYMS,
    QueryWords,
    fold,
    get_max_typos,
    pair_words,
    split_words,
    stem,
)
from registry.models import Plugin

# The same words as the analyzers of `tokenizer`, with positions in the text.
_WORD = re.compile(rf"{SIGNED_NAME}|[^\W_]+", re.IGNORECASE)
_WORD_OR_RUN = re.compile(
    rf"({CJK_LETTER}+)|{SIGNED_NAME}|(?:(?!{CJK_LETTER})[^\W_])+", re.IGNORECASE
)
_EXCERPT_CHARS = 200
_CHARS_BEFORE_MATCH = 40
_VOCABULARY_PLUGINS = 10
_CONFIRMING_PLUGINS = 3

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Highlight:
    """A text in parts: (text, whether it is a match)."""

    parts: tuple[tuple[str, bool], ...]

    @property
    def html(self) -> str:
        """The text as HTML: escaped, with matches in `<mark>`."""
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
        self._typos = [(word, get_max_typos(word)) for word in words.words]
        # Every match starts with one of these letters, which rules out most words at once.
        self._initials = {word[0] for word in (*words.words, *self._stems) if word}
        # The texts of a page repeat many words.
        self._verdicts: dict[str, bool] = {}

    def mark(self, text: str) -> Highlight | None:
        """The text with its matches, or None. A long text is cut to the part around the first."""
        spans = list(self._iter_spans(text))
        return _build_excerpt(text, spans) if spans else None

    def _iter_spans(self, text: str) -> Iterator[_Span]:
        run_pieces = _list_run_pieces(self._words.runs, text)
        for match in (_WORD_OR_RUN if has_run(text) else _WORD).finditer(text):
            if not match.lastindex:
                if self._is_match(match[0]):
                    yield match.span()
            elif run_pieces:
                start = match.start()
                for first, last in _iter_piece_spans(match[0], run_pieces):
                    yield start + first, start + last

    def _is_match(self, text_word: str) -> bool:
        verdict = self._verdicts.get(text_word)
        if verdict is None:
            word = fold(text_word)
            is_possible = bool(word) and word[0] in self._initials
            verdict = is_possible and (stem(word) in self._stems or self._is_similar(word))
            self._verdicts[text_word] = verdict
        return verdict

    def _is_similar(self, word: str) -> bool:
        """Whether it starts with the last word, is part of a joined word, or has a typing error."""
        if len(self._words.last) > 1 and word.startswith(self._words.last):
            return True
        for query_word, max_typos in self._typos:
            if word[0] != query_word[0]:
                continue
            if max_typos and _count_edits(word, query_word, max_typos) <= max_typos:
                return True
            if 2 < len(word) < len(query_word) - 2 and query_word.startswith(word):
                return True
        return False


def _count_edits(first: str, second: str, max_edits: int) -> int:
    """Optimal string alignment distance; `max_edits` + 1 if it is larger.

    Like the engines' distance it counts two swapped neighbors as one edit.
    """
    return OSA.distance(first, second, score_cutoff=max_edits)


def _list_run_pieces(runs: Sequence[str], text: str) -> list[str]:
    """The query's CJK runs that are in the text, and the pairs of those that are not."""
    pieces = [piece for run in runs for piece in ([run] if run in text else split_run(run))]
    return sorted(pieces, key=len, reverse=True)


def _iter_piece_spans(run: str, pieces: Iterable[str]) -> Iterator[_Span]:
    """The positions of the pieces in a run; pieces that touch or overlap are one span."""
    folded = fold_run(run)
    # Folding composes half-width letters with their marks; then positions would be off.
    text = folded if len(folded) == len(run) else run
    # A lookahead also finds pieces that overlap.
    pattern = re.compile(f"(?=({'|'.join(map(re.escape, pieces))}))")
    first = last = -1
    for match in pattern.finditer(text):
        if match.start() > last >= 0:
            yield first, last
        if match.start() > last:
            first = match.start()
        last = max(last, match.end(1))
    if last > 0:
        yield first, last


def _build_excerpt(text: str, spans: Sequence[_Span]) -> Highlight:
    begin, end = 0, len(text)
    if end > _EXCERPT_CHARS:
        begin = max(0, spans[0][0] - _CHARS_BEFORE_MATCH)
        # Start at a word if there is a space nearby.
        begin = max(begin, text.rfind(" ", max(0, begin - _CHARS_BEFORE_MATCH), begin) + 1)
        end = min(end, begin + _EXCERPT_CHARS)
    parts: list[tuple[str, bool]] = [("…", False)] if begin else []
    position = begin
    for first, last in spans:
        if first < position or last > end:
            continue
        parts += [(text[position:first], False), (text[first:last], True)]
        position = last
    parts += [(text[position:end], False)]
    if end < len(text):
        parts.append(("…", False))
    return Highlight(tuple((part, is_match) for part, is_match in parts if part))


def highlight_plugins(
    words: QueryWords, plugins: Iterable[Plugin]
) -> dict[int, dict[str, Highlight]]:
    """Plugin id → the texts (`name`, `displayName`, `description`) that have matches."""
    if not words.words:
        return {}
    finder = WordFinder(words)
    highlights = {}
    for plugin in plugins:
        texts: Mapping[str, str] = {
            "name": plugin.name,
            "displayName": plugin.display_name,
            "description": plugin.description,
        }
        marked = {field: finder.mark(text) for field, text in texts.items() if text}
        highlights[plugin.pk] = {field: mark for field, mark in marked.items() if mark is not None}
    return highlights


def correct_query(words: QueryWords, plugins: Sequence[Plugin]) -> str | None:
    """The query with misspelled words replaced by similar words of the results.

    None if the results contain every word, or have no word similar to a missing one. Also None
    for CJK runs, whose word boundaries are unknown.
    """
    # Ten plugins at most: this runs for every search with words.
    if words.runs or _has_all_words(words, plugins[:_CONFIRMING_PLUGINS]):
        return None
    vocabulary = _get_word_counts(plugins[:_VOCABULARY_PLUGINS])
    stems = {stem(word) for word in vocabulary}
    corrected = []
    for word in words.words:
        is_known = _is_known(word, words, vocabulary, stems)
        replacement = word if is_known else _find_similar_word(word, vocabulary)
        if replacement is None:
            return None
        corrected.append(replacement)
    return " ".join(corrected) if tuple(corrected) != words.words else None


def _has_all_words(words: QueryWords, plugins: Sequence[Plugin]) -> bool:
    """Whether the best results contain every word. This is the usual case and cheap to check."""
    texts = " ".join(f"{p.name} {p.display_name} {p.description}" for p in plugins)
    stems = {stem(word) for word in split_words(texts)}
    return all(stem(word) in stems for word in words.words)


def _get_word_counts(plugins: Sequence[Plugin]) -> Counter[str]:
    """The words of the plugins, weighted by rank; words of names and tags count three times."""
    counts: Counter[str] = Counter()
    for rank, plugin in enumerate(plugins):
        weight = _VOCABULARY_PLUGINS - rank
        names = split_words(f"{plugin.name} {plugin.display_name}")
        tags = " ".join([*plugin.document.get("tags", ()), *plugin.document.get("categories", ())])
        for word in [*names, *pair_words(names), *split_words(tags)]:
            counts[word] += 3 * weight
        for word in split_words(f"{plugin.description} {plugin.author_name}"):
            counts[word] += weight
    return counts


def _is_known(word: str, words: QueryWords, vocabulary: Mapping[str, int], stems: set[str]) -> bool:
    if word in vocabulary or stem(word) in stems:
        return True
    if any(synonym in vocabulary for synonym in SYNONYMS.get(word, ())):
        return True
    if any(pair in vocabulary for pair in pair_words(list(words.words)) if word in pair):
        return True
    return word == words.last and any(known.startswith(word) for known in vocabulary)


def _find_similar_word(word: str, vocabulary: Mapping[str, int]) -> str | None:
    """The most similar word within the allowed typing errors; of equal ones the most frequent."""
    max_typos = get_max_typos(word)
    if not max_typos:
        return None
    edits = {known: _count_edits(word, known, max_typos) for known in vocabulary}
    similar = [known for known, count in edits.items() if count <= max_typos]
    return min(similar, key=lambda known: (edits[known], -vocabulary[known], known), default=None)
