"""Quoting text that strangers wrote, so that it is safe on a terminal, in a page and in a log."""

from __future__ import annotations

import unicodedata

SHOWN_CHARS = 100

# Printable by category, yet drawn as nothing: fillers of Hangul and the empty Braille pattern.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Marks that stack on the letter before them can cover lines of a terminal.
_STACKING = frozenset({"Mn", "Me"})


def is_plain(char: str) -> bool:
    """Whether a character can be shown as it is: it is drawn, alone, and ends no quotation."""
    if char.isascii():
        return char.isprintable() and char != "`"
    return char.isprintable() and char not in _BLANK and unicodedata.category(char) not in _STACKING


def escape_char(char: str) -> str:
    r"""Turn a character into what may be shown: itself, or its number (`\x1b`, `\u202e`, `\U000e0001`)."""
    if is_plain(char):
        return char
    point = ord(char)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def show(text: str, limit: int = SHOWN_CHARS) -> str:
    """Text in backticks for a message: at most `limit` characters inside, no control characters.

    What is cut is marked with `…`. Backslashes stay as they are, so a path reads as a path.
    """
    head = text if len(text) <= limit else text[:limit]
    if head.isascii() and head.isprintable() and "`" not in head:
        shown = head
    else:
        shown = "".join(map(escape_char, head))
    if len(text) > limit or len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    return f"`{shown}`"
