"""Runs of Chinese, Japanese and Korean (CJK) letters, which have no spaces between words.

Finding the words would need a dictionary. Instead a run is indexed by its pairs of neighboring
letters (bigrams): `文章作成` by `文章`, `章作` and `作成`. A query for `文章` matches the first.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

# Han with iteration marks, Hiragana, Katakana, Bopomofo, Hangul, half-width forms, and the marks
# that combine with the letter before them.
CJK_LETTER = (
    "[\u3005-\u3007\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
    "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uff66-\uffdc]"
)
_RUN = re.compile(f"{CJK_LETTER}+")


def list_runs(text: str) -> list[str]:
    """The normalized runs of a text."""
    return [] if text.isascii() else [fold_run(run) for run in _RUN.findall(text)]


def has_run(text: str) -> bool:
    """Whether the text contains a CJK letter."""
    return not text.isascii() and _RUN.search(text) is not None


def fold_run(run: str) -> str:
    """The run in Unicode form NFKC, with full-width letters and composed marks."""
    return unicodedata.normalize("NFKC", run)


def fold_runs(text: str) -> str:
    """The text with its runs normalized and surrounded by spaces."""
    return text if text.isascii() else _RUN.sub(lambda match: f" {fold_run(match[0])} ", text)


def split_runs(text: str, *, with_letters: bool = False) -> str:
    """The text with its runs split into pairs of letters; a single letter stays.

    `with_letters` adds each letter, so that a query of one letter finds it in any run.
    """
    if text.isascii():
        return text

    def split(match: re.Match[str]) -> str:
        run = fold_run(match[0])
        pairs = split_run(run)
        return f" {' '.join([*pairs, *run] if with_letters else pairs)} "

    return _RUN.sub(split, text)


def split_run(run: str) -> list[str]:
    """The pairs of neighboring letters of a run, or its only letter."""
    return [first + second for first, second in pairwise(run)] or [run]
