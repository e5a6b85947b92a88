"""Where weaknesses are reported, as the operator wrote it and as RFC 9116 wants it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_MAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+", re.ASCII)


def read_contact(text: str) -> str | None:
    """The contact as a URI; None if it is neither a mail address, nor a telephone, nor https."""
    bare = text.removeprefix("mailto:")
    if _MAIL.fullmatch(bare):
        return f"mailto:{bare}"
    if re.fullmatch(r"tel:\+[0-9-]{4,20}", text):
        return text
    is_plain = text.isascii() and text.isprintable() and " " not in text
    return text if is_plain and text.startswith("https://") and urlsplit(text).hostname else None


def read_contacts(texts: Iterable[str]) -> list[str]:
    """Those that can be read, in order; `marketplace.E001` tells the operator of others."""
    return [contact for contact in map(read_contact, texts) if contact]
