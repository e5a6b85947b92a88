"""Decode texts by their byte order mark, and name the encodings that cannot be read.

Editors and shells on Windows write UTF-16 with a mark. A program that reads such a file as UTF-8
finds nothing in it that it knows: an ignore file then excludes nothing.
"""

from __future__ import annotations

import codecs

# The mark of UTF-32 in this order starts with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32", "utf-32"),
    (codecs.BOM_UTF32_BE, "UTF-32", "utf-32"),
    (codecs.BOM_UTF16_LE, "UTF-16", "utf-16"),
    (codecs.BOM_UTF16_BE, "UTF-16", "utf-16"),
    (codecs.BOM_UTF8, "UTF-8", "utf-8-sig"),
)
MAX_MARK_BYTES = 4


def find_marked_encoding(head: bytes) -> str | None:
    """The Python codec named by the byte order mark of a text, which the codec removes, or None."""
    return next((codec for mark, _, codec in _MARKS if head.startswith(mark)), None)


def decode_marked_text(content: bytes, errors: str = "strict") -> str:
    """Decode a text by its mark, or as UTF-8 without one.

    Raises `UnicodeDecodeError` unless `errors` says otherwise.
    """
    return content.decode(find_marked_encoding(content) or "utf-8", errors)


def find_encoding_problem(content: bytes) -> str | None:
    """Why the encoding of a text is not known, as the end of a sentence, or None.

    Texts with a mark of UTF-16 or UTF-32 have a known encoding if they are valid. Texts with a mark
    of UTF-8 are UTF-8, even if some bytes are invalid. Other texts are UTF-8 if they have no NUL,
    which is in all texts of Latin script in UTF-16 and UTF-32.
    """
    marked = next(((name, codec) for mark, name, codec in _MARKS if content.startswith(mark)), None)
    if marked is not None:
        name, codec = marked
        if codec == "utf-8-sig":
            return None
        try:
            content.decode(codec)
        except UnicodeDecodeError as error:
            return f"has the mark of {name}, but byte {error.start} is not {name}"
        return None
    if b"\0" in content:
        return "has NUL bytes: it is binary, or UTF-16 without a byte order mark"
    return None
