"""Look for the proof of a domain in DNS, or of a namespace on its code host."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts.actions.domains.lapse import build_problem, lapse_domain, notify_contacts
from accounts.actions.domains.lock_owner import lock_owner_for
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.domains.challenge import describe_record, fetch_tokens, get_record_name
from accounts.domains.errors import (
    CodeHostUnavailableError,
    DnsUnavailableError,
    DomainNotProvenError,
    DomainTakenError,
)
from accounts.domains.lookups import take_lookup_slot
from accounts.models import Owner, OwnerDomain, User
from accounts.policies import check_is_verified, check_may_manage_domains
from accounts.queries.domains import get_domain
from common.name_locks import lock_name
from common.rate_limits import consume_quota

CHECK_INTERVAL = dt.timedelta(days=30)


def check_domain(*, actor: User, owner: Owner, domain: str) -> OwnerDomain:
    """Look for the record in DNS or for the file, and mark the domain as proven; returns it.

    Another owner that has proven it and whose record is no longer there loses it at once. A proven
    domain whose record is missing stays proven: the periodic check decides about it. Waits
    for some seconds, outside of a transaction. Writes the domain and, for a new proof, audit entries.
    Raises `EmailNotVerifiedError`, `DomainDeniedError`, `OrganizationRightError`,
    `UnknownDomainError`, `RateLimitedError`, `DnsUnavailableError`, `CodeHostUnavailableError`,
    `DomainNotProvenError`, `DomainTakenError` and `PasswordChangedError`.
    """
    check_is_verified(actor)
    check_may_manage_domains(actor, owner)
    found = get_domain(owner, domain)
    consume_quota("domain-check", f"owner:{owner.pk}")
    try:
        with take_lookup_slot():
            tokens = fetch_tokens(found.domain)
    except (DnsUnavailableError, CodeHostUnavailableError) as error:
        _record_problem(found, error.detail)
        raise
    if found.token not in tokens:
        problem = build_problem(found.domain, tokens)
        _record_problem(found, problem)
        raise DomainNotProvenError(
            problem,
            hint=f"Enter the {describe_record(found.domain)} as shown. New ones can take an hour to be seen.",
        )
    return _record_proof(actor, owner, found, tokens)


def _record_problem(domain: OwnerDomain, problem: str) -> None:
    OwnerDomain.objects.filter(pk=domain.pk).update(
        checked_at=timezone.now(), problem=problem[:400]
    )


def _record_proof(actor: User, owner: Owner, found: OwnerDomain, tokens: set[str]) -> OwnerDomain:
    loser = None
    with transaction.atomic():
        lock_owner_for(actor, owner)
        # Of two owners that prove the domain at the same time, the second one sees the first.
        lock_name(f"domain:{found.domain}")
        # Again: it may have been removed since, and added with another token.
        current = get_domain(owner, found.domain)
        if current.token not in tokens:
            raise DomainNotProvenError(
                f"The domain `{found.domain}` was removed and added again.", hint="Check it again."
            )
        holders = OwnerDomain.objects.filter(domain=found.domain, verified_at__isnull=False)
        holder = holders.select_related("owner").exclude(pk=current.pk).first()
        if holder is not None and holder.token in tokens:
            raise DomainTakenError(
                f"`{holder.owner.name}` has proven `{found.domain}`, and its record is still at"
                f" `{get_record_name(found.domain)}`.",
                hint="Remove that record, and check again.",
            )
        if holder is not None:
            loser = lapse_domain(holder, "another owner proved the domain")
        _mark_proven(current, actor)
    if loser is not None:
        notify_contacts("domain_lapsed", loser)
    return current


def _mark_proven(domain: OwnerDomain, actor: User) -> None:
    now = timezone.now()
    is_new = not domain.is_proven
    domain.verified_at = domain.verified_at or now
    domain.method = OwnerDomain.Method.FILE if domain.is_namespace else OwnerDomain.Method.DNS
    domain.checked_at, domain.next_check_at = now, now + CHECK_INTERVAL
    domain.failed_since, domain.problem = None, ""
    domain.save()
    if is_new:
        record_audit_entry(actor=actor, action="domain.proven", target=domain)
