"""Measure, wrap and truncate text for social cards.

The font is the one that Pillow bundles, so that cards look the same on every machine. It has English
letters and little more. Missing characters would be drawn as boxes, so they are removed: accents are dropped (`Söhne` becomes `Sohne`), and so are symbols and emoji. Text
with letters of other scripts is dropped completely, because a part of it would be misleading.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import cache

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
# Letters that do not decompose into a base letter and an accent.
_LETTER_REPLACEMENTS = {
    "\u00df": "ss",
    "\u00e6": "ae",
    "\u00c6": "AE",
    "\u00f8": "o",
    "\u00d8": "O",
}
_REPLACEMENTS = str.maketrans({**_DASHES, **_LETTER_REPLACEMENTS})
_ELLIPSIS = "…"


@cache
def get_font(size: int) -> FreeTypeFont:
    """The font in a size in pixels."""
    font = ImageFont.load_default(size)
    assert isinstance(font, FreeTypeFont)
    return font


@cache
def _get_missing_glyph() -> bytes:
    """The glyph for missing characters. No font has the noncharacter U+FFFF."""
    return bytes(get_font(40).getmask("\uffff"))


@cache
def _has_glyph(char: str) -> bool:
    return char == " " or bytes(get_font(40).getmask(char)) != _get_missing_glyph()


def filter_drawable(text: str) -> str:
    """The drawable part of a text; "" if letters of it cannot be drawn."""
    chars = []
    for char in unicodedata.normalize("NFKD", text[:1_000].translate(_REPLACEMENTS)):
        if char.isspace():
            chars.append(" ")
        elif char.isprintable() and _has_glyph(char):
            chars.append(char)
        elif unicodedata.category(char)[0] in "LN":
            return ""
    return " ".join("".join(chars).split())


def measure_width(text: str, size: int) -> float:
    """The width of the text in pixels."""
    return get_font(size).getlength(text)


def truncate_to_width(text: str, size: int, width: int) -> str:
    """The text, truncated with `…` if it is wider than `width` pixels."""
    # No letter is narrower than a tenth of the size, so a longer text never fits. This bounds the
    # time for measuring.
    head = text[: 10 * width // size + 1]
    if head == text and measure_width(text, size) <= width:
        return text
    fits = bisect_right(
        range(len(head)), float(width), key=lambda end: measure_width(head[:end] + _ELLIPSIS, size)
    )
    return head[: max(0, fits - 1)].rstrip() + _ELLIPSIS


def wrap_lines(text: str, size: int, width: int, max_lines: int) -> list[str]:
    """The text in at most `max_lines` lines of `width` pixels; the last one may be truncated."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < max_lines - 1:
        line = words.pop(0)
        while words and measure_width(f"{line} {words[0]}", size) <= width:
            line = f"{line} {words.pop(0)}"
        lines.append(truncate_to_width(line, size, width))
    if words:
        lines.append(truncate_to_width(" ".join(words), size, width))
    return lines
