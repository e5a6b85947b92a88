"""Drawing badges: a label, a value, a colour, as one small SVG.

They stand in pages that are not ours, whose fonts nobody knows. So each text is given the width
that it has in a common sans-serif, and `textLength` makes whatever font there is fit into it.
Presentation attributes only: our policy allows no inline style.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from marketplace.outlets.atom import clean_text

MOST_CHARS = 60
_GREY = "#55605a"
_LABEL = "#2f3a35"
_TONES = {
    "plain": "#0b6b5d",
    "official": "#0b6b5d",
    "verified": "#0b6b5d",
    "community": "#1d4f91",
    "experimental": "#7d4e00",
    "untrusted": "#a1242b",
    "deprecated": "#7d4e00",
    "blocked": "#a1242b",
    "missing": _GREY,
}
_HEIGHT = 20
_SIDE = 7
# Advance widths in tenths of a pixel at 11 px, rounded up from measures of free sans-serifs.
_WIDTHS = {
    **dict.fromkeys("ijl|!.,:;'`", 34),
    **dict.fromkeys('ftrI()[]{}-/\\ "*', 44),
    **dict.fromkeys("cksvxyzJ?_^", 60),
    **dict.fromkeys("ABCDEFGKLPRSTUVXYZ&$#", 78),
    **dict.fromkeys("HNOQ~+<>=", 88),
    **dict.fromkeys("mwMW@%", 106),
}
_USUAL = 68
_WIDE = 110


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says; `tone` is a trust level, or one of the others that have a colour."""

    label: str
    value: str
    tone: str = "plain"


def draw_badge(badge: Badge) -> bytes:
    """The badge as SVG in UTF-8, below 2 kB."""
    label, value = _cut(badge.label), _cut(badge.value)
    left, right = (_measure(text) + 2 * _SIDE for text in (label, value))
    title = escape(f"{label}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}"'
        f' role="img" aria-label="{title}"><title>{title}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="{_HEIGHT}" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><path fill="{_LABEL}" d="M0 0h{left}v{_HEIGHT}H0z"/>'
        f'<path fill="{_TONES[badge.tone]}" d="M{left} 0h{right}v{_HEIGHT}H{left}z"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f"{_draw_text(label, _SIDE, left)}{_draw_text(value, left + _SIDE, right)}</g></svg>\n"
    ).encode()


def _draw_text(text: str, x: int, width: int) -> str:
    length = width - 2 * _SIDE
    return (
        f'<text x="{x}" y="14" textLength="{length}" lengthAdjust="spacingAndGlyphs">'
        f"{escape(text)}</text>"
    )


def _cut(text: str) -> str:
    clean = " ".join(clean_text(text).split())
    return clean if len(clean) <= MOST_CHARS else f"{clean[: MOST_CHARS - 1]}…"


def _measure(text: str) -> int:
    """The width of the text in whole pixels, at least one."""
    tenths = sum(_WIDTHS.get(char, _USUAL if char.isascii() else _WIDE) for char in text)
    return max(1, -(-tenths // 10))
