"""End the verification of addresses whose domain no longer exists."""

from __future__ import annotations

import datetime as dt
import time

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.domains.lookups import MailDomainState, is_dns_available, look_up_mail_domain
from accounts.domains.names import fold_domain
from accounts.models import LapsedAddress, MailDomain, User
from accounts.queries.mail_domains import list_addresses, list_due_domains

_log = structlog.get_logger("plugport.mail_domains")

# One failing day of a name server must not lapse an address.
DAYS_UNTIL_LAPSE = 3
# Less than a day, so that the time of day does not move on.
_INTERVAL = dt.timedelta(hours=23)
# In one run. The worker has other periodic work; others are left to the next run.
MAX_DOMAINS = 100
_RUN_SECONDS = 20.0
# Fewer failures than these never look like a fault of the resolver.
MIN_SUSPICIOUS = 3
_BATCH = 200
# Names that nobody can register (RFC 6761, RFC 8375, and the private name of ICANN).
_PRIVATE_SUFFIXES = frozenset(
    {"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}
)
_States = dict[str, MailDomainState]


def check_mail_domains(now: dt.datetime | None = None) -> int:
    """Check the domains of verified addresses that are due; returns how many. Periodic work.

    Each domain is due once a day. After `DAYS_UNTIL_LAPSE` days running without it, its addresses
    become unverified. If too many domains of a run fail (`MAIL_DOMAIN_MAX_FAILED_PERCENT`), or
    DNS does not know its own root, the fault is on this side: that is logged, and nothing changes.
    """
    if not settings.CHECK_MAIL_DOMAINS:
        return 0
    now = now or timezone.now()
    states = _look_up(list_due_domains(before=now - _INTERVAL, limit=MAX_DOMAINS))
    failed = [name for name, state in states.items() if state != MailDomainState.EXISTS]
    allowed = len(states) * settings.MAIL_DOMAIN_MAX_FAILED_PERCENT / 100
    if len(failed) > max(MIN_SUSPICIOUS, allowed):
        _log.error("mail_domains_suspicious", checked=len(states), failed=len(failed))
        return 0
    if MailDomainState.GONE in states.values() and not is_dns_available():
        _log.error("dns_unavailable", domains=len(states))
        return 0
    for name, state in states.items():
        _record(name, state, now)
    return len(states)


def _look_up(names: list[str]) -> _States:
    states: _States = {}
    deadline = time.monotonic() + _RUN_SECONDS
    for name in names:
        if time.monotonic() > deadline:
            break
        folded = fold_domain(name)
        if folded is None or folded.rpartition(".")[2] in _PRIVATE_SUFFIXES:
            states[name] = MailDomainState.EXISTS
        else:
            states[name] = look_up_mail_domain(folded)
    return states


def _record(name: str, state: MailDomainState, now: dt.datetime) -> None:
    found, _ = MailDomain.objects.get_or_create(domain=name, defaults={"checked_at": now})
    found.checked_at = now
    if state == MailDomainState.GONE:
        found.gone_days += 1
    else:
        # Also without an answer: the days have to be consecutive.
        found.gone_days = 0
    if state == MailDomainState.EXISTS:
        found.lapsed_at = None
    if found.gone_days >= DAYS_UNTIL_LAPSE and found.lapsed_at is None:
        while _lapse_some(name, now):
            pass
        found.lapsed_at = now
    found.save()


def _lapse_some(domain: str, now: dt.datetime) -> bool:
    """Lapse some addresses of the domain in one transaction; returns whether there were any."""
    with transaction.atomic():
        found = list_addresses().filter(mail_domain=domain)
        listed = dict(found.values_list("pk", "email")[:_BATCH])
        rows = User.objects.select_for_update(no_key=True).filter(pk__in=listed, is_verified=True)
        users = list(rows.order_by("pk"))
        for user in users:
            # Changed since it was listed. Not a comparison of domains: the database finds other letters
            # equal than Python, and an address that stays would be listed without end.
            if user.email != listed[user.pk]:
                continue
            user.is_verified = False
            user.save(update_fields=["is_verified"])
            LapsedAddress.objects.update_or_create(
                user=user, defaults={"email": user.email, "lapsed_at": now}
            )
            # Without the domain, which can be personal: the log cannot forget it.
            record_audit_entry(actor=None, action="email.lapsed", target=user)
    return bool(users)
