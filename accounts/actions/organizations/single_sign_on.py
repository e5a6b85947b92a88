"""Let the rights of people in an organization count only in sessions of its single sign-on."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import OrganizationRequestError
from accounts.models import Organization, SsoIdentity, User
from accounts.policies import OrganizationRight, check_organization_right, is_operator
from accounts.queries.organizations import list_unlinked, lock_organization


def require_single_sign_on(
    *, actor: User, organization: Organization, is_required: bool
) -> Organization:
    """Switch the rule on or off, at once; returns the organization.

    Other sessions and tokens of people then have no rights in it. Those of robots and CI jobs keep them.
    Writes an audit entry with the number of members who are not linked. Raises `OrganizationRightError`, and
    `OrganizationRequestError` unless a connection is on that signs in the actor.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_OWNERS)
        if locked.sso_only == is_required:
            return locked
        if is_required:
            _check_has_way_in(actor, locked)
        locked.sso_only = is_required
        locked.save(update_fields=["sso_only"])
        if is_required:
            record_audit_entry(
                actor=actor,
                action="organization.sso-required",
                target=locked,
                not_linked=len(list_unlinked(locked)),
            )
        else:
            record_audit_entry(actor=actor, action="organization.sso-optional", target=locked)
    return locked


def _check_has_way_in(actor: User, organization: Organization) -> None:
    """Otherwise nobody could undo it. For operators, an owner must be linked."""
    identities = SsoIdentity.objects.filter(
        connection__owner=organization.owner, connection__is_enabled=True, user__is_active=True
    )
    owners = organization.memberships.filter(role="owner").values("user")
    accounts = identities.filter(user__in=owners)
    if not is_operator(actor):
        accounts = identities.filter(user=actor)
    if not accounts.exists():
        raise OrganizationRequestError(
            f"You would lock yourself out: no connection of `{organization.name}` is on that signs in"
            " your account.",
            hint="Switch a connection on, and link your account to it, under Single sign-on on your"
            " account page.",
        )
