"""Texts as SCIM compares them; without the library, for sign-in."""

from __future__ import annotations

from unicodedata import normalize


def build_key(text: str) -> str:
    """The text as comparisons without case use it: as the library compares."""
    return normalize("NFC", normalize("NFC", text).lower())
