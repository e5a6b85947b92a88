"""Require a second factor of the members of an organization."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import OrganizationFactorError
from accounts.models import Organization, User
from accounts.policies import (
    OrganizationRight,
    build_factor_hint,
    check_organization_right,
    find_missing,
)
from accounts.queries.organizations import list_unprotected, lock_organization


def require_second_factor(
    *, actor: User, organization: Organization, is_required: bool
) -> Organization:
    """Let the rights of members without a second factor count no longer, or again; returns the organization.

    At once, also for tokens and for uploads that are running. Roles and teams stay. Writes an audit entry
    with the number of members who lose access. Raises `OrganizationRightError`, and
    `OrganizationFactorError` for an owner who would lose access.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_OWNERS)
        if locked.requires_second_factor == is_required:
            return locked
        locked.requires_second_factor = is_required
        locked.save(update_fields=["requires_second_factor"])
        # With the row as it would be, so that it is the rule itself which decides; an error undoes it.
        if find_missing(actor, locked):
            raise OrganizationFactorError(
                f"You would lose your rights: the account `{actor.username}` has no second factor.",
                hint=build_factor_hint(),
            )
        if is_required:
            record_audit_entry(
                actor=actor,
                action="organization.second-factor-required",
                target=locked,
                without_factor=len(list_unprotected(locked)),
            )
        else:
            record_audit_entry(
                actor=actor, action="organization.second-factor-optional", target=locked
            )
    return locked
