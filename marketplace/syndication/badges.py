"""Render badges: a label and a colored value as a small SVG.

Other sites embed badges with unknown fonts. Each text gets the width that it has in a common
sans-serif font, and `textLength` fits any font into it. The SVG uses presentation attributes, because
the content security policy forbids inline styles.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from marketplace.syndication.atom import clean_text

MAX_CHARS = 60
_GRAY = "#55605a"
_LABEL_COLOR = "#2f3a35"
_TONE_COLORS = {
    "plain": "#0b6b5d",
    "official": "#0b6b5d",
    "verified": "#0b6b5d",
    "community": "#1d4f91",
    "experimental": "#7d4e00",
    "untrusted": "#a1242b",
    "deprecated": "#7d4e00",
    "blocked": "#a1242b",
    "missing": _GRAY,
}
_HEIGHT = 20
_PADDING = 7
# Advance widths in tenths of a pixel at 11 px, measured with free sans-serif fonts and rounded up.
_CHAR_WIDTHS = {
    **dict.fromkeys("ijl|!.,:;'`", 34),
    **dict.fromkeys('ftrI()[]{}-/\\ "*', 44),
    **dict.fromkeys("cksvxyzJ?_^", 60),
    **dict.fromkeys("ABCDEFGKLPRSTUVXYZ&$#", 78),
    **dict.fromkeys("HNOQ~+<>=", 88),
    **dict.fromkeys("mwMW@%", 106),
}
_DEFAULT_CHAR_WIDTH = 68
_NON_ASCII_CHAR_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Badge:
    """The content of a badge. `tone` is a key of `_TONE_COLORS`, usually a trust level."""

    label: str
    value: str
    tone: str = "plain"


def render_badge(badge: Badge) -> bytes:
    """The badge as SVG in UTF-8, below 2 kB."""
    label, value = _truncate(badge.label), _truncate(badge.value)
    left, right = (_measure_width(text) + 2 * _PADDING for text in (label, value))
    title = escape(f"{label}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}"'
        f' role="img" aria-label="{title}"><title>{title}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="{_HEIGHT}" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><path fill="{_LABEL_COLOR}" d="M0 0h{left}v{_HEIGHT}H0z"/>'
        f'<path fill="{_TONE_COLORS[badge.tone]}" d="M{left} 0h{right}v{_HEIGHT}H{left}z"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f"{_render_text(label, _PADDING, left)}{_render_text(value, left + _PADDING, right)}</g></svg>\n"
    ).encode()


def _render_text(text: str, x: int, width: int) -> str:
    length = width - 2 * _PADDING
    return (
        f'<text x="{x}" y="14" textLength="{length}" lengthAdjust="spacingAndGlyphs">'
        f"{escape(text)}</text>"
    )


def _truncate(text: str) -> str:
    clean = " ".join(clean_text(text).split())
    return clean if len(clean) <= MAX_CHARS else f"{clean[: MAX_CHARS - 1]}…"


def _measure_width(text: str) -> int:
    """The width of the text in whole pixels, at least one."""
    tenths = sum(
        _CHAR_WIDTHS.get(char, _DEFAULT_CHAR_WIDTH if char.isascii() else _NON_ASCII_CHAR_WIDTH)
        for char in text
    )
    return max(1, -(-tenths // 10))
