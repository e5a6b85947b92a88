"""End the proof of a domain, and tell those who are concerned."""

from __future__ import annotations

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.domains.challenge import describe_record, get_record_name, get_record_value
from accounts.domains.namespaces import is_namespace
from accounts.mails import notify_owner
from accounts.models import OwnerDomain
from accounts.queries.domains import list_domain_contacts


def build_problem(domain: str, tokens: set[str]) -> str:
    """What a check found in place of the record."""
    name = get_record_name(domain)
    if is_namespace(domain):
        found = "has another token" if tokens else "does not exist, or has no token"
        return f"The file `{name}` {found}."
    if not tokens:
        return f"There is no TXT record of Plugport at `{name}`."
    return f"The {len(tokens)} TXT records of Plugport at `{name}` have other values."


def lapse_domain(domain: OwnerDomain, reason: str) -> OwnerDomain:
    """Mark the domain as not proven; returns it. Writes an audit entry; call it in a transaction."""
    record_audit_entry(
        actor=None, action="domain.lapsed", target=domain, subject=domain.owner, reason=reason
    )
    domain.verified_at = domain.failed_since = domain.next_check_at = None
    domain.problem = f"No longer proven: {reason}."
    domain.save(update_fields=["verified_at", "failed_since", "next_check_at", "problem"])
    return domain


def notify_contacts(template: str, domain: OwnerDomain, **context: object) -> None:
    """Send the mail to the person or the owners of the organization. A failure is only logged."""
    for account in list_domain_contacts(domain.owner):
        notify_owner(
            template,
            account.email,
            user=account,
            owner=domain.owner,
            domain=domain,
            record_name=get_record_name(domain.domain),
            record_value=get_record_value(domain.token),
            record_kind=describe_record(domain.domain),
            **context,
        )
