"""Quote untrusted text so that it is safe in a terminal, on a page and in a log.

Control characters can inject terminal escape sequences (CWE-150) and log lines (CWE-117);
bidirectional and invisible characters can disguise what a text says (CVE-2021-42574).
"""

from __future__ import annotations

import re
import unicodedata

MAX_QUOTED_CHARS = 100

# Printable by category but invisible: Hangul fillers and the blank Braille pattern.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Combining marks stack on the letter before them and can cover other lines of a terminal.
_STACKING = frozenset({"Mn", "Me"})

# Control characters, characters that reverse the direction of the text after them (CVE-2021-42574,
# "Trojan Source"), and characters that are drawn as nothing. Each of these shows people another
# text than the one that programs read.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\u200b\u2060-\u2064\ufeff\U000e0000-\U000e0fff]",
)
# Joiners and direction marks are needed to write some languages, but not in names.
_PROSE_ONLY = re.compile("[\u00ad\u034f\u061c\u200c-\u200f]")


# The flags of England, Scotland and Wales are the only sequences of tag characters that Unicode
# recommends (UTS 51, RGI_Emoji_Tag_Sequence); in any other place tag characters hide text.
_FLAGS = "\U0001f3f4(?:{})\U000e007f".format(
    "|".join(
        "".join(chr(0xE0000 + ord(char)) for char in region)
        for region in ("gbeng", "gbsct", "gbwls")
    )
)
# Pictographs, which a joiner may connect: a joiner between two of them is seen as one picture.
_PICTOGRAPH = (
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_JOINED = f"(?<={_PICTOGRAPH})\ufe0f?(?:\u200d{_PICTOGRAPH}\ufe0f?)+"
_EMOJI_SEQUENCE = re.compile(f"{_FLAGS}|{_JOINED}")


def is_plain(char: str) -> bool:
    """Whether a character can be shown unescaped: visible, not combining, and not a backtick."""
    if char.isascii():
        return char.isprintable() and char != "`"
    return char.isprintable() and char not in _BLANK and unicodedata.category(char) not in _STACKING


def escape_char(char: str) -> str:
    r"""The character itself if it is plain, else its escape (`\x1b`, `\u202e`, `\U000e0001`)."""
    if is_plain(char):
        return char
    point = ord(char)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def quote_text(text: str, limit: int = MAX_QUOTED_CHARS) -> str:
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


def shorten_text(text: str, limit: int) -> str:
    """At most `limit` characters of the text. A text that is cut ends with `…`."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def find_unsafe_character(text: str, *, prose: bool = False) -> str | None:
    """Return the first character that must not be shown as `U+202E`, or None.

    `prose` allows the joiners and direction marks that running text in some languages needs. Emoji
    that consist of several characters are allowed everywhere.
    """
    if not text.isascii():
        text = _EMOJI_SEQUENCE.sub("", text)
    match = _UNSAFE.search(text) or (None if prose else _PROSE_ONLY.search(text))
    return f"U+{ord(match[0]):04X}" if match else None


def has_nul(*texts: str) -> bool:
    """Return whether any of the texts contains NUL.

    PostgreSQL refuses NUL in text values, also in a WHERE clause: a query with such a parameter
    fails instead of finding nothing. Check text from a request before it gets into a query.
    """
    return any("\0" in text for text in texts)


def remove_nul(text: str) -> str:
    """Return the text without NUL, so that PostgreSQL can store it."""
    return text.replace("\0", "")
