"""Change and end memberships in organizations."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import OrganizationRequestError, UnknownPersonError
from accounts.models import Organization, OrganizationMember, OrganizationRole, User
from accounts.organization_steps import run_removal_steps
from accounts.policies import (
    OrganizationRight,
    check_may_end_person,
    check_organization_right,
)
from accounts.queries.organizations import get_person, lock_organization


def change_person_role(
    *, actor: User, organization: Organization, username: str, role: OrganizationRole
) -> OrganizationMember:
    """Give a member another role, at once; returns the membership.

    Only owners make owners, or give owners another role. Writes an audit entry. Raises
    `OrganizationRightError`, `UnknownPersonError`, `OrganizationRequestError` and
    `LastOrganizationOwnerError`.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
        member = get_person(locked, username)
        _check_is_no_robot(member)
        if member.role == role:
            return member
        if OrganizationRole.OWNER in (member.role, role):
            check_organization_right(actor, locked, OrganizationRight.MANAGE_OWNERS)
            check_may_end_person(member)
        record_audit_entry(
            actor=actor,
            action="organization.role-changed",
            target=locked,
            subject=member.user,
            before=member.role,
            after=str(role),
        )
        member.role = role
        member.save(update_fields=["role"])
    return member


def remove_person(*, actor: User, organization: Organization, username: str) -> None:
    """End a membership: the actor's own, or that of another account.

    Every right in the organization ends with the next request, also of tokens, of sessions, and of
    uploads that are running. Tokens that are limited to the organization are revoked. Deletes the
    invitations that the member sent, and writes an audit entry. Raises `OrganizationRightError`,
    `UnknownPersonError`, `OrganizationRequestError` and `LastOrganizationOwnerError`.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        is_own = username == actor.username
        if not is_own:
            # First, so that strangers do not learn who is a member.
            check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
        member = get_person(locked, username)
        _check_is_no_robot(member)
        if member.role == OrganizationRole.OWNER and not is_own:
            check_organization_right(actor, locked, OrganizationRight.MANAGE_OWNERS)
        check_may_end_person(member)
        record_audit_entry(
            actor=actor,
            action="organization.left" if is_own else "organization.removed",
            target=locked,
            subject=member.user,
            role=member.role,
        )
        user = member.user
        locked.invitations.filter(Q(invited_by=user) | Q(user=user)).delete()
        # With it go the places in teams.
        member.delete()
        run_removal_steps(locked, user, actor)


def show_membership(
    *, actor: User, organization: Organization, is_public: bool
) -> OrganizationMember:
    """Show the actor's membership to everybody, or to members only; returns it.

    Raises `UnknownPersonError`.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        try:
            member = get_person(locked, actor.username)
        except UnknownPersonError:
            raise UnknownPersonError(f"You are not a member of `{locked.name}`.") from None
        if member.is_public != is_public:
            member.is_public = is_public
            member.save(update_fields=["is_public"])
            record_audit_entry(
                actor=actor,
                action="organization.membership-shown"
                if is_public
                else "organization.membership-hidden",
                target=locked,
            )
    return member


def _check_is_no_robot(member: OrganizationMember) -> None:
    if member.user.is_robot:
        raise OrganizationRequestError(
            f"`{member.user.username}` is a robot.", hint="Robots have no roles. Delete the robot."
        )
