"""Highlight a text file. Without Django, because long files are highlighted in a process without it."""

from __future__ import annotations

import re
from html import escape

from marketplace.syntax_highlighting import TimeBudget

# Tokens that have a color in `readme.css`. Spans around the others would double the size of a page.
_HIGHLIGHTED_TOKENS = re.compile(r"(?:[kmsc]\w*|dl|il|ow|bp|fm|n[abcdftvo]|g[deiops])\Z")


def highlight(text: str, language: str, seconds: float) -> str:
    """Return the text with tokens in spans that end with their line.

    "" if the text is not highlighted, as when it takes more processor time than `seconds`.
    """
    tokens = TimeBudget(seconds).tokenize(text, language)
    return "".join(
        _render_token(piece, short if _HIGHLIGHTED_TOKENS.match(short) else "")
        for short, piece in tokens or ()
    )


def _render_token(text: str, short: str) -> str:
    lines = escape(text).split("\n")
    if short:
        lines = [f'<span class="hl-{short}">{line}</span>' if line else "" for line in lines]
    return "\n".join(lines)
