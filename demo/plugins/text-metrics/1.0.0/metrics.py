"""What can be counted in an English text."""

from __future__ import annotations

import math
import re
from collections import Counter

WORDS_PER_MINUTE = 230
PHRASE_WORDS = 3
MOST_PHRASES = 20

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)")
_VOWELS = re.compile(r"[aeiouy]+")


def measure(text: str) -> dict[str, object]:
    """All measures of a text; `readingEase` is None for a text without words."""
    words = [word.lower() for word in _WORD.findall(text)]
    sentences = max(len(_SENTENCE_END.findall(text)), 1 if words else 0)
    return {
        "words": len(words),
        "sentences": sentences,
        "readingSeconds": math.ceil(len(words) * 60 / WORDS_PER_MINUTE),
        "readingEase": reading_ease(words, sentences),
        "repeated": repeated_phrases(words),
    }


def count_syllables(word: str) -> int:
    """Groups of vowels; a silent `e` at the end does not count."""
    count = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and count > 1:
        count -= 1
    return max(count, 1)


def reading_ease(words: list[str], sentences: int) -> float | None:
    """Flesch's reading ease, rounded to one place."""
    if not words:
        return None
    syllables = sum(map(count_syllables, words))
    return round(206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words), 1)


def repeated_phrases(words: list[str]) -> list[dict[str, object]]:
    """Phrases of `PHRASE_WORDS` words that occur more than once."""
    grams = Counter(zip(*(words[start:] for start in range(PHRASE_WORDS)), strict=False))
    return [
        {"phrase": " ".join(gram), "times": times}
        for gram, times in grams.most_common(MOST_PHRASES)
        if times > 1
    ]
