"""The record in DNS, or the file on a code host, that proves that something belongs to an owner."""

from __future__ import annotations

import secrets

from accounts.domains.lookups import fetch_texts
from accounts.domains.names import CHALLENGE_LABEL, fold_domain, parse_domain
from accounts.domains.namespaces import (
    fetch_file_lines,
    find_file_url,
    fold_namespace,
    is_namespace,
    parse_namespace,
)

_PREFIX = "plugport-domain-verification="


def build_token() -> str:
    """A random token of 256 bits. It is no secret once it is in DNS or in a public file."""
    return secrets.token_urlsafe(32)


def parse_name(text: str) -> str:
    """The name of a domain or namespace, as it is stored. Raises `DomainNameError`."""
    return parse_namespace(text) if is_namespace(text) else parse_domain(text)


def fold_name(text: str) -> str | None:
    """The name as it is stored, None if it is neither that of a domain nor of a namespace."""
    return fold_namespace(text) if is_namespace(text) else fold_domain(text)


def get_record_name(name: str) -> str:
    """The name of the TXT record, or the address of the file."""
    if is_namespace(name):
        return find_file_url(name) or f"https://{name}"
    return f"{CHALLENGE_LABEL}.{name}"


def get_record_value(token: str) -> str:
    """The value of the TXT record, or a line of the file."""
    return _PREFIX + token


def describe_record(name: str) -> str:
    """What proves the name, for messages."""
    return "file" if is_namespace(name) else "TXT record"


def fetch_tokens(name: str) -> set[str]:
    """The tokens in DNS or in the file. Raises `DnsUnavailableError`, `CodeHostUnavailableError`."""
    found = fetch_file_lines(name) if is_namespace(name) else fetch_texts(get_record_name(name))
    texts = (text.strip() for text in found)
    return {text.removeprefix(_PREFIX) for text in texts if text.startswith(_PREFIX)}
