"""Check proven domains again: monthly, and daily while the check fails."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.actions.domains.check_domain import CHECK_INTERVAL
from accounts.actions.domains.lapse import build_problem, lapse_domain, notify_contacts
from accounts.actions.domains.prove_by_job import JOB_CHECK_INTERVAL, find_job_proof_problem
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.domains.challenge import fetch_tokens
from accounts.domains.errors import CodeHostUnavailableError, DnsUnavailableError
from accounts.domains.lookups import is_dns_available
from accounts.models import OwnerDomain
from common.name_locks import lock_name

_log = structlog.get_logger("plugport.domains")

GRACE = dt.timedelta(days=7)
RETRY_INTERVAL = dt.timedelta(days=1)
# In one run, one after the other. Each takes at most `LOOKUP_SECONDS`; others are left to the next run.
MAX_CHECKS = 20


@dataclass(frozen=True, slots=True)
class _Finding:
    """What DNS or a code host said: the problem, "" if the proof is there."""

    domain: OwnerDomain
    problem: str = ""
    is_answered: bool = True


def recheck_domains(now: dt.datetime | None = None) -> int:
    """Check the proven domains that are due; returns how many. Periodic work of the worker.

    The first failure is mailed to the contacts of the domain. It stays proven for `GRACE`, with a
    check each day; then it lapses, with another mail. If DNS answers about none of them, and not even
    about its root, then the fault is on this side: nothing changes, and the next run tries again.
    """
    now = now or timezone.now()
    due = OwnerDomain.objects.filter(verified_at__isnull=False, next_check_at__lte=now)
    rows = due.select_related("owner").order_by("next_check_at", "pk")[:MAX_CHECKS]
    findings = [_look_up(domain, now) for domain in rows]
    asked = [each for each in findings if each.domain.method != OwnerDomain.Method.JOB]
    if asked and not any(each.is_answered for each in asked) and not is_dns_available():
        _log.error("dns_unavailable", domains=len(findings))
        return 0
    for finding in findings:
        _record(finding, now)
    return len(findings)


def _look_up(domain: OwnerDomain, now: dt.datetime) -> _Finding:
    if domain.method == OwnerDomain.Method.JOB:
        return _Finding(domain, find_job_proof_problem(domain, now))
    try:
        tokens = fetch_tokens(domain.domain)
    except (DnsUnavailableError, CodeHostUnavailableError) as error:
        return _Finding(domain, error.detail, is_answered=False)
    if domain.token in tokens:
        return _Finding(domain)
    return _Finding(domain, build_problem(domain.domain, tokens))


def _record(finding: _Finding, now: dt.datetime) -> None:
    mail = ""
    with transaction.atomic():
        lock_name(f"domain:{finding.domain.domain}")
        # Again: it may have been removed, checked or lost since.
        rows = OwnerDomain.objects.select_related("owner").filter(
            pk=finding.domain.pk,
            verified_at__isnull=False,
            next_check_at=finding.domain.next_check_at,
        )
        domain = rows.select_for_update(of=("self",), no_key=True).first()
        if domain is None:
            return
        if domain.method == OwnerDomain.Method.JOB:
            # `checked_at` stays the time of the last job.
            domain.next_check_at = now + JOB_CHECK_INTERVAL
            if finding.problem:
                lapse_domain(domain, finding.problem)
                mail = "domain_lapsed"
            else:
                domain.save(update_fields=["next_check_at"])
        else:
            mail = _record_lookup(domain, finding, now)
    if mail:
        notify_contacts(mail, domain, problem=finding.problem, until=now + GRACE, days=GRACE.days)


def _record_lookup(domain: OwnerDomain, finding: _Finding, now: dt.datetime) -> str:
    """Write what was found for a record or file; returns the mail about it, "" for none."""
    mail = ""
    domain.checked_at, domain.problem = now, finding.problem[:400]
    if not finding.problem:
        domain.failed_since, domain.next_check_at = None, now + CHECK_INTERVAL
    elif domain.failed_since is None:
        domain.failed_since, domain.next_check_at = now, now + RETRY_INTERVAL
        record_audit_entry(
            actor=None, action="domain.check-failed", target=domain, problem=finding.problem
        )
        mail = "domain_failing"
    else:
        domain.next_check_at = now + RETRY_INTERVAL
    domain.save()
    if domain.failed_since is not None and now - domain.failed_since >= GRACE:
        lapse_domain(domain, f"the record was missing for {GRACE.days} days")
        mail = "domain_lapsed"
    return mail
