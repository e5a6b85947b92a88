"""Reads of domains. Each function states how many SQL queries it runs; tests pin these numbers."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from accounts.domains.challenge import fold_name
from accounts.domains.errors import DomainDeniedError, UnknownDomainError
from accounts.domains.names import fold_domain
from accounts.models import OrganizationRole, Owner, OwnerDomain, User
from plugport.spec.text import quote_text


def find_owner_of_domain(domain: str) -> Owner | None:
    """The owner that has proven exactly this domain, with its account and organization: 1 query.

    A proven `example.com` says nothing about `mail.example.com`, which may belong to others.
    """
    folded = fold_domain(domain)
    if folded is None:
        return None
    rows = OwnerDomain.objects.filter(domain=folded, verified_at__isnull=False)
    found = rows.select_related("owner__user", "owner__organization").first()
    # A closed account proves nothing.
    return found.owner if found is not None and found.owner.is_open else None


def has_proven_domain(owner: Owner, domain: str) -> bool:
    """Whether the owner has proven exactly this domain: 1 query, or none for text that is no domain."""
    folded = fold_domain(domain)
    if folded is None:
        return False
    return owner.domains.filter(domain=folded, verified_at__isnull=False).exists()


def list_proven_domains(owner: Owner) -> list[OwnerDomain]:
    """The proven domains by name, without namespaces: 1 query."""
    return [each for each in list_proofs(owner) if not each.is_namespace]


def list_proofs(owner: Owner) -> list[OwnerDomain]:
    """The proven domains and namespaces by name: 1 query."""
    return list(owner.domains.filter(verified_at__isnull=False))


def list_proofs_of(name: str) -> list[OwnerDomain]:
    """What the owner of that name has proven: 1 query. A closed or suspended account has proven nothing."""
    proven = OwnerDomain.objects.filter(owner__name=name, verified_at__isnull=False)
    is_open = Q(owner__user__is_active=True)
    is_kept = Q(owner__organization__isnull=False, owner__organization__deleted_at=None)
    return list(proven.filter(is_open | is_kept))


def list_domains(owner: Owner) -> Sequence[OwnerDomain]:
    """All domains by name, also those that are not proven: 1 query."""
    return list(owner.domains.all())


def get_domain(owner: Owner, domain: str) -> OwnerDomain:
    """The domain of the owner: 1 query. Raises `UnknownDomainError`."""
    folded = fold_name(domain)
    found = None if folded is None else owner.domains.filter(domain=folded).first()
    if found is None:
        raise UnknownDomainError(f"`{owner.name}` has no domain {quote_text(domain)}.")
    found.owner = owner
    return found


def get_own_owner(user: User) -> Owner:
    """The owner of a person: at most 1 query. Raises `DomainDeniedError` for robots, which own nothing."""
    owner = Owner.objects.filter(user=user).first()
    if owner is None:
        raise DomainDeniedError("Robots have no domains.")
    return owner


def list_domain_contacts(owner: Owner) -> list[User]:
    """The accounts that receive mails about the domains: the person, or the owners. 1 query."""
    accounts = User.objects.filter(is_active=True, is_verified=True).exclude(email="")
    if owner.organization_id is None:
        return list(accounts.filter(owner=owner))
    return list(
        accounts.filter(
            organization_memberships__organization=owner.organization_id,
            organization_memberships__role=OrganizationRole.OWNER,
        ).order_by("pk")
    )
