"""Memberships that an identity provider of an organization gives."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import OrganizationLimitError
from accounts.models import Organization, OrganizationMember, OrganizationRole, SsoIdentity, User
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import lock_organization

# The identity provider decides how many people it has; the bound is against a wrong one.
MAX_PROVISIONED = 20_000


def add_provisioned_member(*, organization: Organization, user: User) -> OrganizationMember:
    """Make an account of the organization's provider a member; returns the membership.

    Writes an audit entry. Raises `OrganizationLimitError`.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        count = locked.memberships.count()
        if count >= MAX_PROVISIONED:
            raise OrganizationLimitError(
                f"`{locked.name}` has {count} members; at most {MAX_PROVISIONED} are allowed."
            )
        member, is_new = OrganizationMember.objects.get_or_create(
            organization=locked, user=user, defaults={"role": OrganizationRole.MEMBER}
        )
        if is_new:
            record_audit_entry(
                actor=user, action="organization.joined", target=locked, role=member.role
            )
    return member


def restore_provisioned_member(
    *, actor: User, organization: Organization, username: str
) -> OrganizationMember | None:
    """Let an account in again that the provider created and that was removed; None if there is none.

    Writes an audit entry. Raises `OrganizationRightError` and `OrganizationLimitError`.
    """
    check_organization_right(actor, organization, OrganizationRight.MANAGE_PROPERTY)
    rows = SsoIdentity.objects.filter(
        connection__owner__organization=organization,
        is_provisioned=True,
        user__username=username,
        user__is_active=True,
    )
    identity = rows.select_related("user").first()
    if identity is None:
        return None
    return add_provisioned_member(organization=organization, user=identity.user)
