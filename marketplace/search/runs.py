"""Runs of Chinese, Japanese and Korean letters, which have no blanks where words end.

Only a dictionary would know the words. So a run is found by the pairs of neighbours in it: `文章作成`
is found by `文章`, `章作` and `作成`, and a query for `文章` needs no more than the first.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

# Han with its signs of repetition, Hiragana, Katakana, Bopomofo, Hangul; half-width forms, and the
# marks that compose with the letter before them.
LETTER = (
    "[\u3005-\u3007\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
    "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uff66-\uffdc]"
)
_RUN = re.compile(f"{LETTER}+")


def list_runs(text: str) -> list[str]:
    """The runs of a text, each letter in its usual form."""
    return [] if text.isascii() else [fold_run(run) for run in _RUN.findall(text)]


def has_run(text: str) -> bool:
    """Whether there is a letter of a run in it."""
    return not text.isascii() and _RUN.search(text) is not None


def fold_run(run: str) -> str:
    """The run with each letter in its usual form: half-width ones are not, nor loose marks."""
    return unicodedata.normalize("NFKC", run)


def fold_runs(text: str) -> str:
    """The text with its runs as they are, but set apart from what they touch."""
    return text if text.isascii() else _RUN.sub(lambda found: f" {fold_run(found[0])} ", text)


def cut_runs(text: str, *, with_letters: bool = False) -> str:
    """The text with its runs cut into pairs of neighbours; a lone letter stays as it is.

    `with_letters` adds each letter, so that a query of one finds it in any run.
    """
    if text.isascii():
        return text

    def cut(found: re.Match[str]) -> str:
        run = fold_run(found[0])
        pairs = cut_run(run)
        return f" {' '.join([*pairs, *run] if with_letters else pairs)} "

    return _RUN.sub(cut, text)


def cut_run(run: str) -> list[str]:
    """The pairs of neighbours in a run, or the letter that it is."""
    return [first + second for first, second in pairwise(run)] or [run]
