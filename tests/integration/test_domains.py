"""Domains of owners: how they are proven, who has them, and when the proof ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.actions.close_account import close_account
from accounts.actions.domains.add_domain import MAX_DOMAINS, add_domain, remove_domain
from accounts.actions.domains.check_domain import check_domain
from accounts.actions.domains.recheck_domains import GRACE, MAX_CHECKS, recheck_domains
from accounts.domains.errors import (
    DnsUnavailableError,
    DomainDeniedError,
    DomainLimitError,
    DomainNotProvenError,
    DomainTakenError,
    UnknownDomainError,
)
from accounts.domains.lookups import MailDomainState, fetch_texts, look_up_mail_domain, lookup_slots
from accounts.errors import EmailNotVerifiedError, OrganizationRightError
from accounts.models import AuditEntry, Owner, OwnerDomain, User
from accounts.queries.domains import find_owner_of_domain, list_proven_domains
from common.http.errors import RateLimitedError
from tests.support.dns_server import DnsServer, open_dns_server
from tests.support.organizations import build_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def dns(settings: Any) -> Iterator[DnsServer]:
    """A DNS server, which the registry queries."""
    with open_dns_server(settings) as server:
        yield server


def _prove(dns: DnsServer, actor: User, owner: Owner, domain: str = "example.com") -> OwnerDomain:
    dns.prove(add_domain(actor=actor, owner=owner, domain=domain))
    return check_domain(actor=actor, owner=owner, domain=domain)


def _age(domain: OwnerDomain) -> None:
    OwnerDomain.objects.filter(pk=domain.pk).update(next_check_at=timezone.now())


def _list_actions() -> list[str]:
    rows = AuditEntry.objects.filter(action__startswith="domain.").order_by("pk")
    return list(rows.values_list("action", flat=True))


def test_a_person_proves_a_domain(
    dns: DnsServer, create_user: Callable[..., User], django_assert_num_queries: Any
) -> None:
    ada = create_user("ada")
    added = add_domain(actor=ada, owner=ada.owner, domain="Example.COM.")
    assert (added.domain, added.state, len(added.token)) == ("example.com", "pending", 43)
    assert add_domain(actor=ada, owner=ada.owner, domain="example.com").token == added.token
    assert find_owner_of_domain("example.com") is None
    with pytest.raises(DomainNotProvenError, match=r"no TXT record of Plugport at `_plugport-ch"):
        check_domain(actor=ada, owner=ada.owner, domain="example.com")
    added.refresh_from_db()
    assert "no TXT record" in added.problem
    dns.add("_plugport-challenge.example.com", "TXT", '"plugport-domain-verification=other"', '"x"')
    with pytest.raises(DomainNotProvenError, match="other values"):
        check_domain(actor=ada, owner=ada.owner, domain="example.com")
    dns.prove(added)
    proven = check_domain(actor=ada, owner=ada.owner, domain="EXAMPLE.com")
    assert (proven.state, proven.problem) == ("proven", "")
    with django_assert_num_queries(1):
        assert find_owner_of_domain("EXAMPLE.com.") == ada.owner
    with django_assert_num_queries(1):
        assert [each.domain for each in list_proven_domains(ada.owner)] == ["example.com"]
    # Exactly this domain, and no other.
    for other in ("mail.example.com", "com", "xexample.com", "example.com\0", ""):
        assert find_owner_of_domain(other) is None
    check_domain(actor=ada, owner=ada.owner, domain="example.com")
    remove_domain(actor=ada, owner=ada.owner, domain="example.com")
    assert find_owner_of_domain("example.com") is None
    assert _list_actions() == ["domain.added", "domain.proven", "domain.removed"]
    with pytest.raises(UnknownDomainError):
        remove_domain(actor=ada, owner=ada.owner, domain="example.com")


def test_only_those_who_decide_for_an_owner(
    dns: DnsServer, create_user: Callable[..., User]
) -> None:
    ada, eve = create_user("ada"), create_user("eve")
    harbor = build_organization(ada, mia="manager", max="member")
    _prove(dns, ada, harbor.owner)
    for actor in (eve, User.objects.get(username="mia"), User.objects.get(username="max")):
        for act in (add_domain, check_domain, remove_domain):
            with pytest.raises(OrganizationRightError):
                act(actor=actor, owner=harbor.owner, domain="example.com")
            with pytest.raises(DomainDeniedError):
                act(actor=actor, owner=ada.owner, domain="example.com")
    entry = AuditEntry.objects.get(action="domain.proven")
    assert (entry.target_name, entry.container) == ("example.com", f"organization:{harbor.pk}")
    dan = create_user("dan", is_verified=False)
    with pytest.raises(EmailNotVerifiedError):
        add_domain(actor=dan, owner=dan.owner, domain="example.org")


def test_one_owner_at_a_time(dns: DnsServer, create_user: Callable[..., User]) -> None:
    ada, ben = create_user("ada"), create_user("ben")
    _prove(dns, ada, ada.owner)
    with pytest.raises(DomainTakenError, match=r"`ada` has proven `example\.com`"):
        _prove(dns, ben, ben.owner)
    assert find_owner_of_domain("example.com") == ada.owner
    dns.remove("example.com")
    dns.prove(OwnerDomain.objects.get(owner=ben.owner))
    check_domain(actor=ben, owner=ben.owner, domain="example.com")
    assert find_owner_of_domain("example.com") == ben.owner
    assert OwnerDomain.objects.get(owner=ada.owner).problem.startswith("No longer proven: another")
    assert [each.to for each in mail.outbox] == [[ada.email]]
    assert _list_actions()[-2:] == ["domain.lapsed", "domain.proven"]


def test_limits(dns: DnsServer, create_user: Callable[..., User], settings: Any) -> None:
    ada = create_user("ada")
    for number in range(MAX_DOMAINS):
        add_domain(actor=ada, owner=ada.owner, domain=f"d{number}.example.com")
    with pytest.raises(DomainLimitError, match=f"at most {MAX_DOMAINS}"):
        add_domain(actor=ada, owner=ada.owner, domain="one-more.example.com")
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "domain-check": "2/hour"}
    for _ in range(2):
        with pytest.raises(DomainNotProvenError):
            check_domain(actor=ada, owner=ada.owner, domain="d1.example.com")
    with pytest.raises(RateLimitedError):
        check_domain(actor=ada, owner=ada.owner, domain="d1.example.com")
    assert len(dns.queries) == 2


def test_servers_that_fail_prove_nothing(dns: DnsServer, create_user: Callable[..., User]) -> None:
    ada = create_user("ada")
    dns.prove(add_domain(actor=ada, owner=ada.owner, domain="example.com"))
    dns.is_failing = True
    with pytest.raises(DnsUnavailableError, match="the servers failed or refused"):
        check_domain(actor=ada, owner=ada.owner, domain="example.com")
    with lookup_slots, lookup_slots, pytest.raises(DnsUnavailableError, match="Too many"):
        check_domain(actor=ada, owner=ada.owner, domain="example.com")
    dns.is_failing = False
    assert check_domain(actor=ada, owner=ada.owner, domain="example.com").is_proven


def test_records_of_any_form(dns: DnsServer) -> None:
    dns.add("alias.example", "CNAME", "real.example.")
    dns.add(
        "real.example", "TXT", '"a" "b"', r'"\195\188"', r'"\255"', f'"{"x" * 255}" "{"y" * 255}"'
    )
    assert set(fetch_texts("alias.example")) == {"ab", "ü", "\ufffd", "x" * 255 + "y" * 255}
    # More than fits in UDP.
    dns.add("long.example", "TXT", *(f'"{number:0200}"' for number in range(200)))
    assert len(fetch_texts("long.example")) == 100
    assert fetch_texts("missing.example") == []


def test_mail_domains(dns: DnsServer) -> None:
    dns.add("mx.example", "MX", "10 mail.example.")
    dns.add("null.example", "MX", "0 .")
    dns.add("a.example", "A", "192.0.2.1")
    dns.add("aaaa.example", "AAAA", "2001:db8::1")
    dns.add("empty.example", "TXT", '"x"')
    dns.failing.add("failing.example")
    exists, gone, unknown = MailDomainState.EXISTS, MailDomainState.GONE, MailDomainState.UNKNOWN
    for name, outcome in {
        **dict.fromkeys(["mx.example", "null.example", "a.example", "aaaa.example"], exists),
        **dict.fromkeys(["empty.example", "missing.example"], gone),
        "failing.example": unknown,
    }.items():
        assert look_up_mail_domain(name) == outcome, name


def test_a_missing_record_ends_the_proof_after_the_grace(
    dns: DnsServer, create_user: Callable[..., User]
) -> None:
    ada, ben = create_user("ada"), create_user("ben")
    harbor = build_organization(ada, olga="owner", mia="manager")
    domain = _prove(dns, ada, harbor.owner)
    dns.prove(add_domain(actor=ben, owner=ben.owner, domain="pending.example"))
    assert recheck_domains() == 0
    now = timezone.now() + dt.timedelta(days=30, seconds=1)
    assert recheck_domains(now) == 1
    dns.remove("example.com")
    now += dt.timedelta(days=31)
    assert recheck_domains(now) == 1
    domain.refresh_from_db()
    assert (domain.state, domain.failed_since) == ("failing", now)
    assert find_owner_of_domain("example.com") == harbor.owner
    assert sorted(each.to[0] for each in mail.outbox) == [ada.email, "olga@example.test"]
    assert "_plugport-challenge.example.com" in mail.outbox[0].body
    assert domain.token in mail.outbox[0].body
    for _ in range(GRACE.days - 1):
        now += dt.timedelta(days=1, seconds=1)
        assert recheck_domains(now) == 1
    assert find_owner_of_domain("example.com") == harbor.owner
    assert len(mail.outbox) == 2
    now += dt.timedelta(days=1, seconds=1)
    assert recheck_domains(now) == 1
    assert find_owner_of_domain("example.com") is None
    assert "no longer proven" in mail.outbox[-1].subject
    assert _list_actions()[-2:] == ["domain.check-failed", "domain.lapsed"]
    assert recheck_domains(now + dt.timedelta(days=90)) == 0
    dns.prove(domain)
    assert check_domain(actor=ada, owner=harbor.owner, domain="example.com").state == "proven"


def test_a_record_that_comes_back_ends_the_failure(
    dns: DnsServer, create_user: Callable[..., User]
) -> None:
    ada = create_user("ada")
    domain = _prove(dns, ada, ada.owner)
    dns.remove("example.com")
    _age(domain)
    recheck_domains()
    dns.prove(domain)
    _age(domain)
    recheck_domains()
    domain.refresh_from_db()
    assert (domain.state, domain.problem) == ("proven", "")


def test_a_fault_of_the_resolver_changes_nothing(
    dns: DnsServer, create_user: Callable[..., User]
) -> None:
    ada = create_user("ada")
    domains = [_prove(dns, ada, ada.owner, f"d{number}.example.com") for number in range(2)]
    dns.is_failing = True
    for each in domains:
        _age(each)
    assert recheck_domains() == 0
    assert not mail.outbox
    # If the servers of one domain fail, and others answer, the fault is the domain's.
    dns.is_failing = False
    dns.failing.add("_plugport-challenge.d0.example.com")
    assert recheck_domains() == 2
    assert [each.state for each in OwnerDomain.objects.all()] == ["failing", "proven"]


def test_a_run_is_bounded(dns: DnsServer, create_user: Callable[..., User]) -> None:
    ada = create_user("ada")
    now = timezone.now()
    OwnerDomain.objects.bulk_create(
        OwnerDomain(
            owner=ada.owner, domain=f"d{n}.example", token="x", verified_at=now, next_check_at=now
        )
        for n in range(MAX_CHECKS + 1)
    )
    assert recheck_domains(now) == MAX_CHECKS
    assert recheck_domains(now) == 1


def test_a_closed_account_proves_nothing(dns: DnsServer, create_user: Callable[..., User]) -> None:
    ada, ben = create_user("ada"), create_user("ben")
    _prove(dns, ada, ada.owner)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert find_owner_of_domain("example.com") is None
    User.objects.filter(pk=ada.pk).update(is_active=True)
    close_account(actor=ada)
    removed = AuditEntry.rows.get(action="domain.removed")
    assert (removed.target_name, removed.details["was_proven"]) == ("example.com", True)
    # Its record may still be in DNS.
    _prove(dns, ben, ben.owner)
    assert find_owner_of_domain("example.com") == ben.owner
