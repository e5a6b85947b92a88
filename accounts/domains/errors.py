"""Errors of domains and DNS."""

from __future__ import annotations

from plugport.spec.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    MissingError,
    UnavailableError,
)


class DomainNameError(InvalidError):
    """The text is not the name of a domain that can belong to one owner."""

    code, title = "invalid-domain", "Invalid domain"


class DomainDeniedError(DeniedError):
    """Only the person decides about the domains of its account."""

    code, title = "domain-denied", "Not allowed to change domains"


class DomainLimitError(DeniedError):
    """The owner has as many domains as it may."""

    code, title = "domain-limit", "Too many domains"


class UnknownDomainError(MissingError):
    """The owner has no such domain."""

    code, title = "unknown-domain", "Domain not found"


class DomainTakenError(ConflictError):
    """Another owner has proven the domain, and its record is still in DNS."""

    code, title = "domain-taken", "Domain proven by another owner"


class DomainNotProvenError(ConflictError):
    """DNS does not have the record that proves the domain, or a code host not the file."""

    code, title = "domain-not-proven", "Proof not found"


class CodeHostUnavailableError(UnavailableError):
    """The code host does not answer, or the registry does not know it."""

    code, title = "code-host-unavailable", "Code host does not answer"


class DnsUnavailableError(UnavailableError):
    """The servers of DNS do not answer, or too many domains are checked at the same time."""

    code, title = "dns-unavailable", "DNS does not answer"
