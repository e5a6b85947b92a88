"""Read the texts of a claim."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from plugport.spec.api.values import (
    MAX_CLAIM_CHARS,
    MAX_CLAIM_LINKS,
    MAX_LINK_CHARS,
    MIN_CLAIM_CHARS,
)
from plugport.spec.errors import FieldError
from plugport.spec.text import find_unsafe_character
from registry.errors import InvalidMessageError


def parse_claim_text(field: str, text: str) -> str:
    """Return the text of a party without surrounding white space. Raises `InvalidMessageError`."""
    text = text.strip().replace("\r\n", "\n")
    if not MIN_CLAIM_CHARS <= len(text) <= MAX_CLAIM_CHARS:
        raise _build_error(
            field,
            f"It has {len(text)} characters.",
            str(len(text)),
            f"{MIN_CLAIM_CHARS} to {MAX_CLAIM_CHARS} characters",
        )
    if char := find_unsafe_character(text, prose=True):
        raise _build_error(
            field,
            f"It contains the character {char}.",
            char,
            "text without control and invisible characters",
        )
    return text


def parse_links(links: Sequence[str]) -> str:
    """Return the addresses, one a line. Raises `InvalidMessageError`. Nothing is fetched."""
    cleaned = [link.strip() for link in links if link.strip()]
    if len(cleaned) > MAX_CLAIM_LINKS:
        raise _build_error(
            "evidence", "It has too many links.", str(len(cleaned)), f"at most {MAX_CLAIM_LINKS}"
        )
    for link in cleaned:
        if not _is_web_address(link):
            raise _build_error(
                "evidence",
                "It has a link that is no web address.",
                link[:100],
                f"`https://` or `http://`, at most {MAX_LINK_CHARS} characters",
            )
    return "\n".join(dict.fromkeys(cleaned))


def _is_web_address(link: str) -> bool:
    if len(link) > MAX_LINK_CHARS or find_unsafe_character(link) or len(link.split()) != 1:
        return False
    try:
        parts = urlsplit(link)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        )
    except ValueError:
        return False


def _build_error(field: str, message: str, found: str, allowed: str) -> InvalidMessageError:
    error = FieldError(field, message, found=found, allowed=allowed)
    return InvalidMessageError(f"The {field} is not valid.", fields=[error])
