"""The JSON of domains."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.domains.challenge import get_record_name, get_record_value
from accounts.models import Owner, OwnerDomain
from common.times import format_time
from plugport.spec.api import domains as api


def build_domain(domain: OwnerDomain) -> api.OwnerDomain:
    """Return a domain with the record that proves it."""
    return {
        "domain": domain.domain,
        "state": domain.state,
        "method": domain.method,
        "recordName": get_record_name(domain.domain),
        "recordValue": get_record_value(domain.token),
        "problem": domain.problem,
        "createdAt": format_time(domain.created_at),
        "verifiedAt": format_time(domain.verified_at),
        "checkedAt": format_time(domain.checked_at),
        "failedSince": format_time(domain.failed_since),
    }


def build_proof(domain: OwnerDomain) -> api.Proof:
    """Return what everybody may see of a proven domain or namespace."""
    return {
        "name": domain.domain,
        "method": domain.method,
        "since": format_time(domain.verified_at or domain.created_at),
    }


def build_domains(owner: Owner, domains: Iterable[OwnerDomain]) -> api.OwnerDomainList:
    """Return the domains of an owner."""
    return {"owner": owner.name, "domains": [build_domain(each) for each in domains]}
