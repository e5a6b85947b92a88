"""Parse the contacts for security reports (RFC 9116)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+", re.ASCII)


def parse_contact(text: str) -> str | None:
    """The contact as a URI; None if it is not an email address, a `tel:` or an `https:` URI."""
    bare = text.removeprefix("mailto:")
    if _EMAIL.fullmatch(bare):
        return f"mailto:{bare}"
    if re.fullmatch(r"tel:\+[0-9-]{4,20}", text):
        return text
    is_plain = text.isascii() and text.isprintable() and " " not in text
    return text if is_plain and text.startswith("https://") and urlsplit(text).hostname else None


def parse_contacts(texts: Iterable[str]) -> list[str]:
    """The valid contacts, in order. The system check `marketplace.E001` reports invalid ones."""
    return [contact for contact in map(parse_contact, texts) if contact]
