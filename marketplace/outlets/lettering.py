"""Text in pictures: which letters can be drawn, how wide they are, where a line breaks.

The font is the one that the image library carries, so that a card looks the same on every machine
and nothing has to be installed. It has the letters of English and little more. What it lacks would
be drawn as boxes, so it is left out: accents fall off (`Söhne` becomes `Sohne`), symbols and emoji
go, and a text that has other letters goes as a whole, for a part of it would say something else.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import cache

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
# Those that do not come apart into a letter and its accent.
_LETTERS = {"\u00df": "ss", "\u00e6": "ae", "\u00c6": "AE", "\u00f8": "o", "\u00d8": "O"}
_SPELLED = str.maketrans({**_DASHES, **_LETTERS})
_ELLIPSIS = "…"


@cache
def get_font(size: int) -> FreeTypeFont:
    """The font in that size, in pixels."""
    font = ImageFont.load_default(size)
    assert isinstance(font, FreeTypeFont)
    return font


@cache
def _get_box() -> bytes:
    """How the font draws what it lacks: all such characters look like this one, which no font has."""
    return bytes(get_font(40).getmask("\uffff"))


@cache
def _has_glyph(char: str) -> bool:
    return char == " " or bytes(get_font(40).getmask(char)) != _get_box()


def keep_drawable(text: str) -> str:
    """The text as far as it can be drawn, "" if letters of it cannot."""
    kept = []
    for char in unicodedata.normalize("NFKD", text[:1_000].translate(_SPELLED)):
        if char.isspace():
            kept.append(" ")
        elif char.isprintable() and _has_glyph(char):
            kept.append(char)
        elif unicodedata.category(char)[0] in "LN":
            return ""
    return " ".join("".join(kept).split())


def measure(text: str, size: int) -> float:
    """The width of the text in pixels."""
    return get_font(size).getlength(text)


def fit(text: str, size: int, width: int) -> str:
    """The text, cut with `…` where it is wider than `width` pixels."""
    # No letter is narrower than a tenth of the size: nobody measures more than can stand there.
    head = text[: 10 * width // size + 1]
    if head == text and measure(text, size) <= width:
        return text
    fits = bisect_right(
        range(len(head)), float(width), key=lambda end: measure(head[:end] + _ELLIPSIS, size)
    )
    return head[: max(0, fits - 1)].rstrip() + _ELLIPSIS


def wrap(text: str, size: int, width: int, most: int) -> list[str]:
    """The text in at most `most` lines of `width` pixels; the last one is cut if more follows."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most - 1:
        line = words.pop(0)
        while words and measure(f"{line} {words[0]}", size) <= width:
            line = f"{line} {words.pop(0)}"
        lines.append(fit(line, size, width))
    if words:
        lines.append(fit(" ".join(words), size, width))
    return lines
