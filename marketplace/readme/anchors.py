"""Targets of links inside a README: ids of elements, `<a name>`, and headings."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

ID_PREFIX = "readme-"
# Code hosts add this prefix to every id, and links with it work there too.
_HOST_PREFIX = "user-content-"
_MAX_CHARS = 100
# Raw HTML can have headings and ids of any length.
_MAX_READ_CHARS = 1_000
_SPACE = re.compile(r"\s")


def build_slug(text: str) -> str:
    """The anchor of a heading like on code hosts: lowercase, with a dash for each space.

    Equal for the Unicode forms of one text, with and without variation selectors.
    """
    text = text[:_MAX_READ_CHARS]
    if "\n" in text:  # indented HTML
        text = " ".join(filter(None, map(str.strip, text.split("\n"))))
    characters = unicodedata.normalize("NFC", text.lower())
    return _SPACE.sub("-", "".join(filter(_is_kept, characters)))[:_MAX_CHARS]


def _is_kept(character: str) -> bool:
    if character.isalnum() or character.isspace() or character in "_-":
        return True
    # Vowel signs, for example, without which words of Indic scripts are equal. A variation selector
    # only decides whether a character is shown as an emoji.
    is_mark = unicodedata.category(character)[0] == "M"
    return is_mark and not unicodedata.name(character, "").startswith("VARIATION SELECTOR")


def build_id(value: str) -> str | None:
    """The id on the page for an `id` or `name` in a README; None if nothing of it remains.

    With the prefix, a README cannot take the ids that the page and its scripts use (DOM clobbering).
    """
    slug = build_slug(value.strip()).removeprefix(_HOST_PREFIX)
    return f"{ID_PREFIX}{slug}" if slug else None


def build_fragment(encoded: str) -> str | None:
    """The link to an element of the README, for a fragment without `#`."""
    anchor = build_id(unquote(encoded))
    return f"#{anchor}" if anchor else None


def _strip_dashes(anchor: str) -> str:
    return anchor.removeprefix(ID_PREFIX).strip("-")


class Anchors:
    """The ids of one README. An id belongs to the first element that has it, as in browsers."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        # The first id for each slug without dashes at its ends.
        self._by_words: dict[str, str] = {}
        # The slugs of headings, each with the number of the last heading that repeats it.
        self._headings: dict[str, int] = {}

    def claim(self, anchor: str) -> bool:
        """Whether the id is new. An element with an id of an earlier one must lose it."""
        is_new = anchor not in self._ids
        self._ids.add(anchor)
        self._by_words.setdefault(_strip_dashes(anchor), anchor)
        return is_new

    def resolve(self, anchor: str) -> str | None:
        """The id that a link to the anchor means; None if it must not be a link.

        A dash at either end stands for an emoji, a badge or a comment in the heading. Tools that
        build tables of contents do not agree on it.
        """
        return anchor if anchor in self._ids else self._by_words.get(_strip_dashes(anchor), anchor)

    def build_heading_id(self, text: str) -> str | None:
        """The id of a heading with this text; None if it has none, or an earlier element has it.

        Headings are numbered among themselves, so that links written for a code host work:
        `usage`, `usage-1`, and `usage-1-1` for the heading "Usage 1".
        """
        base = build_slug(text)
        if not base:
            return None
        slug = base
        while slug in self._headings:
            self._headings[base] += 1
            slug = f"{base}-{self._headings[base]}"
        self._headings[slug] = 0
        anchor = f"{ID_PREFIX}{slug}"
        return anchor if self.claim(anchor) else None


class NoAnchors(Anchors):
    """For a text that is one of several on a page: no element has an id."""

    def claim(self, anchor: str) -> bool:
        return False

    def resolve(self, anchor: str) -> str | None:
        return None
