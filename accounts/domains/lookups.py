"""Queries to DNS: bounded in time, in number and in what is accepted.

The servers are those of the operator (`PLUGPORT_DNS_SERVERS`), or those of the system.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from enum import Enum

import dns.exception
import dns.nameserver
import dns.rdtypes.ANY.TXT
import dns.resolver
from django.conf import settings

from accounts.domains.errors import DnsUnavailableError

# For all servers and tries of one query together.
LOOKUP_SECONDS = 4.0
# A request that queries DNS occupies a thread for seconds.
lookup_slots = threading.BoundedSemaphore(2)
MAX_TEXTS = 100


class MailDomainState(Enum):
    """What DNS says about the domain of an email address."""

    EXISTS = "exists"
    GONE = "gone"
    # Timeouts, refusals and failures of servers say nothing about the domain.
    UNKNOWN = "unknown"


@contextlib.contextmanager
def take_lookup_slot() -> Iterator[None]:
    """For lookups that a request waits for. Raises `DnsUnavailableError` while there are too many."""
    if not lookup_slots.acquire(blocking=False):
        raise DnsUnavailableError(
            "Too many domains are checked at the moment.", hint="Try again in a few seconds."
        )
    try:
        yield
    finally:
        lookup_slots.release()


def fetch_texts(name: str) -> list[str]:
    """The values of the TXT records of the name; none if it does not exist.

    Each value is the text of its strings together (RFC 7208, section 3.3). Aliases are followed.
    Raises `DnsUnavailableError` if no server answers.
    """
    try:
        answer = _resolve(name, "TXT")
    except dns.exception.DNSException as error:
        raise DnsUnavailableError(
            f"DNS does not answer for `{name}`: {describe_failure(error)}.",
            hint="Check the name servers of the domain, and try again in a few minutes.",
        ) from error
    return [
        b"".join(record.strings).decode("utf-8", "replace")
        for record in answer[:MAX_TEXTS]
        if isinstance(record, dns.rdtypes.ANY.TXT.TXT)
    ]


def look_up_mail_domain(domain: str) -> MailDomainState:
    """Whether mail to the domain can have a destination: a record MX, A or AAAA (RFC 5321, section 5).

    At most 3 queries. A domain that refuses all mail (RFC 7505) exists.
    """
    outcome = MailDomainState.GONE
    for kind in ("MX", "A", "AAAA"):
        try:
            if _resolve(domain, kind):
                return MailDomainState.EXISTS
        except dns.exception.DNSException:
            outcome = MailDomainState.UNKNOWN
    return outcome


def is_dns_available() -> bool:
    """Whether the servers answer at all: they know the root of DNS."""
    try:
        return bool(_resolve(".", "SOA"))
    except dns.exception.DNSException:
        return False


def describe_failure(error: dns.exception.DNSException) -> str:
    """The kind of the failure, without what servers wrote."""
    if isinstance(error, dns.exception.Timeout):
        return "no answer in time"
    if isinstance(error, dns.resolver.NoNameservers):
        return "the servers failed or refused"
    return "no valid answer"


def _resolve(name: str, kind: str) -> list[object]:
    """The records; none for a name that does not exist (NXDOMAIN) or has no such record."""
    try:
        answer = _build_resolver().resolve(
            name, kind, search=False, lifetime=LOOKUP_SECONDS, raise_on_no_answer=False
        )
    except dns.resolver.NXDOMAIN:
        return []
    return [] if answer.rrset is None else list(answer.rrset)


def _build_resolver() -> dns.resolver.Resolver:
    """A resolver without a cache: a record that was just entered must be found."""
    servers = settings.DNS_SERVERS
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [dns.nameserver.Do53Nameserver(*each) for each in servers]
    # For one try of one server; another one then has time to answer.
    resolver.timeout = LOOKUP_SECONDS / 2
    return resolver
