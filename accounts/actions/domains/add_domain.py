"""Add and remove the domains of an owner."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.domains.end_domain import end_domain
from accounts.actions.domains.lock_owner import lock_owner_for
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.domains.challenge import build_token, parse_name
from accounts.domains.errors import DomainLimitError
from accounts.domains.namespaces import is_namespace
from accounts.models import Owner, OwnerDomain, User
from accounts.policies import check_is_verified, check_may_manage_domains
from accounts.queries.domains import get_domain

MAX_DOMAINS = 20


def add_domain(*, actor: User, owner: Owner, domain: str) -> OwnerDomain:
    """Add a domain or namespace with the token that has to be in DNS or in a file. It counts for nothing until it is proven.

    Adding one again changes nothing. Writes the domain and an audit entry. Raises
    `EmailNotVerifiedError`, `DomainDeniedError`, `OrganizationRightError`, `DomainNameError`,
    `DomainLimitError` and `PasswordChangedError`.
    """
    check_is_verified(actor)
    check_may_manage_domains(actor, owner)
    name = parse_name(domain)
    with transaction.atomic():
        lock_owner_for(actor, owner)
        found = owner.domains.filter(domain=name).first()
        if found is not None:
            found.owner = owner
            return found
        count = owner.domains.count()
        if count >= MAX_DOMAINS:
            raise DomainLimitError(
                f"`{owner.name}` has {count} domains; at most {MAX_DOMAINS} are allowed.",
                hint="Remove one that is not needed.",
            )
        added = OwnerDomain.objects.create(
            owner=owner,
            domain=name,
            token=build_token(),
            method=OwnerDomain.Method.FILE if is_namespace(name) else OwnerDomain.Method.DNS,
        )
        record_audit_entry(actor=actor, action="domain.added", target=added)
    return added


def remove_domain(*, actor: User, owner: Owner, domain: str) -> OwnerDomain:
    """Delete a domain and its proof; returns what was deleted. Writes an audit entry.

    Raises `DomainDeniedError`, `OrganizationRightError`, `UnknownDomainError` and
    `PasswordChangedError`.
    """
    check_may_manage_domains(actor, owner)
    with transaction.atomic():
        lock_owner_for(actor, owner)
        found = get_domain(owner, domain)
        end_domain(found, by=actor)
    return found
