"""Addresses lapse with their domain, and only with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.actions.email.lapse_addresses import (
    DAYS_UNTIL_LAPSE,
    MIN_SUSPICIOUS,
    check_mail_domains,
)
from accounts.actions.email.mark_verified import mark_verified
from accounts.errors import EmailNotVerifiedError
from accounts.models import AuditEntry, LapsedAddress, MailDomain, User
from accounts.policies import check_is_verified
from accounts.queries.mail_domains import is_address_lapsed
from accounts.queries.users import list_recoverable_accounts
from tests.support.dns_server import DnsServer, open_dns_server
from tests.support.people import create_user

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def dns(settings: Any) -> Iterator[DnsServer]:
    """A DNS server with the domain of the tests' other accounts."""
    with open_dns_server(settings) as server:
        server.add("alive.org", "MX", "10 mail.alive.org.")
        yield server


@pytest.fixture
def ada() -> User:
    """An account at a domain that does not exist."""
    return build_account("ada", "Ada@Gone.org")


def build_account(name: str, email: str) -> User:
    user = create_user(name)
    User.objects.filter(pk=user.pk).update(email=email)
    user.refresh_from_db()
    return user


def run_days(count: int, start: dt.datetime | None = None) -> dt.datetime:
    now = start or timezone.now()
    for _ in range(count):
        check_mail_domains(now)
        now += DAY
    return now


def is_verified(user: User) -> bool:
    user.refresh_from_db()
    return user.is_verified


def test_an_address_lapses_after_three_days(
    dns: DnsServer, ada: User, django_assert_num_queries: Any
) -> None:
    ben = build_account("ben", "ben@alive.org")
    # Nobody can register these.
    build_account("cyd", "cyd@localhost")
    now = run_days(DAYS_UNTIL_LAPSE - 1)
    # The same day again does not count.
    assert check_mail_domains(now - DAY + dt.timedelta(hours=1)) == 0
    assert is_verified(ada)
    assert check_mail_domains(now) == 3
    assert not is_verified(ada)
    assert is_verified(ben)
    assert [each.email for each in LapsedAddress.objects.all()] == ["Ada@Gone.org"]
    assert AuditEntry.objects.filter(action="email.lapsed", subject_id=ada.pk).count() == 1
    with pytest.raises(EmailNotVerifiedError):
        check_is_verified(ada)
    assert is_address_lapsed(ada)
    for email in ("ada@gone.org", "ben@alive.org", "nobody@gone.org"):
        with django_assert_num_queries(1):
            found = list_recoverable_accounts(email)
        assert found == ([ben] if email == "ben@alive.org" else [])


def test_letters_that_the_database_does_not_fold(dns: DnsServer) -> None:
    """The `LOWER` of SQLite knows ASCII only. The check ends, and the address lapses."""
    user = build_account("ada", "ada@BÜCHER.org")
    run_days(DAYS_UNTIL_LAPSE)
    assert not is_verified(user)


def test_the_reset_says_to_outsiders_what_it_always_says(dns: DnsServer, ada: User) -> None:
    def ask(email: str) -> tuple[int, str, str]:
        response = Client().post("/password/reset", {"email": email}, follow=True)
        page = response.content.decode().replace(email, "ADDRESS")
        return response.status_code, page, " ".join(each.subject for each in mail.outbox)

    run_days(DAYS_UNTIL_LAPSE)
    lapsed = ask("ada@gone.org")
    mail.outbox.clear()
    assert ask("none@gone.org") == lapsed
    assert not any("/password/reset/key/" in each.body for each in mail.outbox)


def test_a_domain_that_comes_back_verifies_nothing(dns: DnsServer, ada: User) -> None:
    now = run_days(DAYS_UNTIL_LAPSE)
    dns.add("gone.org", "A", "192.0.2.1")
    run_days(5, now)
    assert not is_verified(ada)
    assert list_recoverable_accounts("ada@gone.org") == []


def test_an_operator_who_vouches_is_not_overruled(dns: DnsServer, ada: User) -> None:
    now = run_days(DAYS_UNTIL_LAPSE)
    mark_verified(user=ada, by=None)
    now = run_days(5, now)
    assert is_verified(ada)
    assert list_recoverable_accounts("ada@gone.org") == [ada]
    # When the domain came back and is gone again, the address lapses again.
    dns.add("gone.org", "A", "192.0.2.1")
    now = run_days(1, now)
    del dns.records["gone.org", "A"]
    run_days(DAYS_UNTIL_LAPSE, now)
    assert not is_verified(ada)


def test_days_without_an_answer_do_not_count(dns: DnsServer, ada: User) -> None:
    now = run_days(DAYS_UNTIL_LAPSE - 1)
    dns.failing.add("gone.org")
    now = run_days(1, now)
    assert MailDomain.objects.get(domain="gone.org").gone_days == 0
    dns.failing.clear()
    run_days(DAYS_UNTIL_LAPSE - 1, now)
    assert is_verified(ada)


def test_a_fault_of_the_resolver_changes_nothing(dns: DnsServer, ada: User, settings: Any) -> None:
    # A resolver that knows nothing at all.
    dns.records.clear()
    run_days(5)
    assert not MailDomain.objects.exists()
    dns.add(".", "SOA", "a.example. b.example. 1 1800 900 604800 86400")
    for number in range(MIN_SUSPICIOUS):
        build_account(f"u{number}", f"u@gone{number}.org")
    run_days(5)
    assert is_verified(ada)
    settings.MAIL_DOMAIN_MAX_FAILED_PERCENT = 100
    run_days(DAYS_UNTIL_LAPSE)
    assert not is_verified(ada)


def test_it_can_be_switched_off(dns: DnsServer, ada: User, settings: Any) -> None:
    settings.CHECK_MAIL_DOMAINS = False
    run_days(5)
    assert is_verified(ada)
    assert not dns.queries


def test_the_owner_sees_what_to_do_and_changes_the_address(dns: DnsServer, ada: User) -> None:
    run_days(DAYS_UNTIL_LAPSE)
    client = Client()
    client.force_login(ada)
    for path in ("/account", "/account/email"):
        page = client.get(path).content.decode()
        assert "no longer exists" in page
        assert "operator" in page
    # A stolen session alone does not change the address.
    session = client.session
    session.pop("confirmed", None)
    session.save()
    response = client.post("/account/email", {"action": "change", "email": "thief@alive.org"})
    assert response.headers["Location"].startswith("/account/confirm")
    ada.refresh_from_db()
    assert ada.email == "Ada@Gone.org"
