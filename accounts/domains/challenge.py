"""The record in DNS that proves that a domain belongs to an owner."""

from __future__ import annotations

import secrets

from accounts.domains.lookups import fetch_texts
from accounts.domains.names import CHALLENGE_LABEL

_PREFIX = "plugport-domain-verification="


def build_token() -> str:
    """A random token of 256 bits. It is no secret once it is in DNS."""
    return secrets.token_urlsafe(32)


def get_record_name(domain: str) -> str:
    """The name of the TXT record."""
    return f"{CHALLENGE_LABEL}.{domain}"


def get_record_value(token: str) -> str:
    """The value of the TXT record."""
    return _PREFIX + token


def fetch_tokens(domain: str) -> set[str]:
    """The tokens in the records of the domain. Raises `DnsUnavailableError`."""
    texts = (text.strip() for text in fetch_texts(get_record_name(domain)))
    return {text.removeprefix(_PREFIX) for text in texts if text.startswith(_PREFIX)}
