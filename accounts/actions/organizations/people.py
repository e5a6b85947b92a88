"""Change and end memberships in organizations."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction
from django.db.models import Q

from accounts.actions.organizations.invitations import decline_organization_invitation
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.sso.sessions import end_organization_sessions
from accounts.errors import (
    LastOrganizationOwnerError,
    OrganizationRequestError,
    UnknownOrganizationInvitationError,
    UnknownPersonError,
)
from accounts.hooks.organization_removal import run_removal_steps
from accounts.models import (
    Organization,
    OrganizationInvitation,
    OrganizationMember,
    OrganizationRole,
    User,
)
from accounts.policies import (
    ORGANIZATION_RIGHTS,
    OrganizationRight,
    check_may_end_person,
    check_organization_right,
)
from accounts.queries.organizations import (
    get_person,
    list_last_owned,
    list_memberships,
    list_own_organization_invitations,
    lock_organization,
)
from accounts.queries.users import lock_unchanged_account

_NAMED = 10


def change_person_role(
    *, actor: User, organization: Organization, username: str, role: OrganizationRole
) -> OrganizationMember:
    """Give a member another role, at once; returns the membership.

    Only owners make owners, or give owners another role. Deletes the invitations that the member sent
    and may no longer send. Writes an audit entry. Raises `OrganizationRightError`, `UnknownPersonError`, `OrganizationRequestError`,
    `PasswordChangedError` and `LastOrganizationOwnerError`.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        # A new password ends the session that sends this.
        lock_unchanged_account(actor)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
        member = get_person(locked, username)
        _check_is_no_robot(member)
        if member.role == role and member.role_given_at is None:
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
        # From now on given by a person: groups of an identity provider no longer take it.
        member.role, member.role_given_at = role, None
        member.save(update_fields=["role", "role_given_at"])
        # Otherwise a member who gets the role back would offer again what was forgotten.
        sent = locked.invitations.filter(invited_by=member.user)
        may_invite = OrganizationRight.MANAGE_PEOPLE in ORGANIZATION_RIGHTS[role]
        (sent.filter(role=OrganizationRole.OWNER) if may_invite else sent).delete()
    return member


def remove_person(*, actor: User, organization: Organization, username: str) -> None:
    """End a membership: the actor's own, or that of another account.

    Every right in the organization ends with the next request, also of tokens, of sessions, and of
    uploads that are running, and so do sessions of its single sign-on. Tokens that are limited to the organization are revoked. Deletes the
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
        end_organization_sessions(organization=locked, user=user)
        run_removal_steps(locked, [user], actor)


def leave_all_organizations(*, actor: User) -> None:
    """End all memberships of an account that is closed, and the invitations to and from it.

    Each as by `remove_person` and `decline_organization_invitation`, with their audit entries. Raises
    `LastOrganizationOwnerError`, which names the organizations that would have no owner.
    """
    with transaction.atomic():
        if last_owned := list_last_owned(actor):
            names = ", ".join(f"`{name}`" for name in last_owned[:_NAMED])
            more = len(last_owned) - _NAMED
            raise LastOrganizationOwnerError(
                f"You are the last owner of {names}{f' and {more} more' if more > 0 else ''}.",
                hint="Make another member an owner first.",
            )
        # Someone else may have ended a membership or an invitation since the list was read.
        for member in list_memberships(actor):
            with suppress(UnknownPersonError):
                remove_person(
                    actor=actor, organization=member.organization, username=actor.username
                )
        for invitation in list_own_organization_invitations(actor):
            with suppress(UnknownOrganizationInvitationError):
                decline_organization_invitation(actor=actor, invitation_id=invitation.pk)
        # Those without effect: they have expired, or their sender may no longer invite.
        ended = Q(user=actor) | Q(invited_by=actor)
        if actor.is_verified and actor.email:
            ended |= Q(email=actor.email.lower())
        OrganizationInvitation.objects.filter(ended).delete()


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
