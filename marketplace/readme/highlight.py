"""Highlight the code blocks of a README."""

from __future__ import annotations

from html import escape

from marketplace import syntax_highlighting

MAX_BLOCK_CHARS = 10_000
# For all code blocks of a README together.
MAX_SECONDS = 0.5
CLASSES = syntax_highlighting.CLASSES


class Highlighter:
    """Highlights the code blocks of a README, within a time budget."""

    def __init__(self) -> None:
        self._budget = syntax_highlighting.TimeBudget(MAX_SECONDS)

    def highlight(self, code: str, language: str) -> str | None:
        """The code as HTML with `span` elements, or None if it is not highlighted."""
        if len(code) > MAX_BLOCK_CHARS:
            return None
        tokens = self._budget.tokenize(code, language)
        return (
            None
            if tokens is None
            else "".join(_render_token(text, short) for short, text in tokens)
        )


def _render_token(text: str, short: str) -> str:
    return f'<span class="hl-{short}">{escape(text)}</span>' if short else escape(text)
