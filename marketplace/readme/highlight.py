"""Colours for the code blocks of one README."""

from __future__ import annotations

from html import escape

from marketplace import colours

MAX_BLOCK_CHARS = 10_000
# For all blocks together, in seconds.
MAX_SECONDS = 0.5
CLASSES = colours.CLASSES


class Highlighter:
    """Colours the blocks of one README, as long as there is time."""

    def __init__(self) -> None:
        self._budget = colours.Budget(MAX_SECONDS)

    def highlight(self, code: str, language: str) -> str | None:
        """The code as HTML of `span`s; None if it stays without colours."""
        if len(code) > MAX_BLOCK_CHARS:
            return None
        tokens = self._budget.read_tokens(code, language)
        return None if tokens is None else "".join(_mark(text, short) for short, text in tokens)


def _mark(text: str, short: str) -> str:
    return f'<span class="hl-{short}">{escape(text)}</span>' if short else escape(text)
