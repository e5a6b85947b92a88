"""Invite people to organizations, and answer invitations."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import (
    InOrganizationError,
    InvitationAddressError,
    OrganizationLimitError,
    OrganizationRequestError,
    UnknownOrganizationInvitationError,
)
from accounts.mails import build_url, notify_owner
from accounts.models import (
    Organization,
    OrganizationInvitation,
    OrganizationMember,
    OrganizationRole,
    User,
)
from accounts.models.organization import hash_invitation_key
from accounts.policies import (
    OrganizationRight,
    check_is_verified,
    check_organization_right,
)
from accounts.queries.organizations import (
    get_invitation_of_key,
    get_own_organization_invitation,
    get_sent_invitation,
    lock_organization,
)
from accounts.queries.users import get_open_user, lock_unchanged_account
from accounts.security.organization_session import check_is_personal
from common.http.errors import RateLimitedError
from common.rate_limits import consume_quota
from plugport.spec.errors import FieldError
from plugport.spec.text import has_nul

INVITATION_DAYS = 14
MAX_INVITATIONS = 50
# With robots and pending invitations. Bounds the lists of members, which have no pages.
MAX_PEOPLE = 500
_MAX_EMAIL_CHARS = 254


def invite_person(
    *, actor: User, organization: Organization, addressee: str, role: OrganizationRole
) -> OrganizationInvitation:
    """Offer a role to an account, or to the owner of an email address; sends one mail.

    `addressee` is a user name, or an address, of which is not said whether it has an account. Nothing
    changes until the person accepts. Writes the invitation and an audit entry. Raises
    `EmailNotVerifiedError`, `OrganizationRightError`, `OrganizationRequestError`, `UnknownUserError`,
    `InOrganizationError`, `OrganizationLimitError`, `PasswordChangedError` and `RateLimitedError`.
    """
    check_is_verified(actor)
    check_organization_right(actor, organization, OrganizationRight.MANAGE_PEOPLE)
    addressee = addressee.strip().removeprefix("@").lower()
    user = None if "@" in addressee else _get_person(addressee)
    key = None if user is not None else secrets.token_urlsafe(32)
    if user is None:
        _check_email(addressee)
    now = timezone.now()
    with transaction.atomic():
        locked = lock_organization(organization)
        # A new password ends the session that sends this, and this must not be a later one.
        lock_unchanged_account(actor)
        # Again: the actor may have been removed since.
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
        if role == OrganizationRole.OWNER:
            check_organization_right(actor, locked, OrganizationRight.MANAGE_OWNERS)
        locked.invitations.filter(expires_at__lte=now).delete()
        _check_can_be_invited(locked, user, addressee)
        _check_limits(locked)
        consume_quota("invitation", f"account:{actor.pk}")
        invitation = OrganizationInvitation.objects.create(
            organization=locked,
            user=user,
            email="" if user is not None else addressee,
            key_sha256=None if key is None else hash_invitation_key(key),
            role=role,
            invited_by=actor,
            created_at=now,
            expires_at=now + dt.timedelta(days=INVITATION_DAYS),
        )
        # Not the address: the audit log is permanent.
        record_audit_entry(
            actor=actor,
            action="organization.invited",
            target=locked,
            subject=user,
            by_mail=user is None,
            role=str(role),
        )
    _send_mail(invitation, key)
    return invitation


def withdraw_organization_invitation(
    *, actor: User, organization: Organization, invitation_id: int
) -> OrganizationInvitation:
    """Delete a pending invitation; returns it. Writes an audit entry.

    Raises `OrganizationRightError` and `UnknownOrganizationInvitationError`.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
        invitation = get_sent_invitation(locked, invitation_id)
        _end(actor, invitation, "organization.invitation-withdrawn")
    return invitation


def accept_organization_invitation(
    *, actor: User, invitation_id: int | None = None, key: str = ""
) -> OrganizationMember:
    """Make the actor a member with the offered role; returns the membership.

    The invitation is one of the account, or that of the mail with `key`; then the verified address of
    the account must be the invited one: nobody becomes a member by reading the mail of another person. Writes an
    audit entry. Raises `EmailNotVerifiedError`, `UnknownOrganizationInvitationError`,
    `InvitationAddressError`, `InOrganizationError`, `OrganizationLimitError` and
    `PasswordChangedError`.
    """
    check_is_personal(actor)
    check_is_verified(actor)
    with transaction.atomic():
        organization = lock_organization(_find_offer(actor, invitation_id, key).organization)
        # An account that is closed at the same time must not become a member after it left.
        lock_unchanged_account(actor)
        # Again: it may have been withdrawn since.
        invitation = _find_offer(actor, invitation_id, key)
        if organization.memberships.filter(user=actor).exists():
            raise InOrganizationError(f"You are a member of `{organization.name}` already.")
        member = OrganizationMember.objects.create(
            organization=organization, user=actor, role=invitation.role
        )
        invitation.delete()
        record_audit_entry(
            actor=actor,
            action="organization.joined",
            target=organization,
            role=member.role,
            invited_by=invitation.invited_by_id,
        )
    return member


def decline_organization_invitation(
    *, actor: User, invitation_id: int | None = None, key: str = ""
) -> OrganizationInvitation:
    """Delete an invitation of the actor; returns it. Writes an audit entry.

    Raises `UnknownOrganizationInvitationError` and `InvitationAddressError`.
    """
    check_is_personal(actor)
    with transaction.atomic():
        lock_organization(_find_offer(actor, invitation_id, key).organization)
        invitation = _find_offer(actor, invitation_id, key)
        _end(actor, invitation, "organization.invitation-declined")
    return invitation


def withdraw_sent_organization_invitations(user: User, by: User | None) -> list[str]:
    """Delete all pending invitations of the account to organizations; returns a line about each.

    For an account that gets a new password: a thief may have invited an accomplice, who would accept
    when the owner has recovered the account. Writes audit entries; `by` None means an operator.
    """
    lines = []
    sent = OrganizationInvitation.objects.filter(invited_by=user)
    with transaction.atomic():
        organizations = sent.order_by("organization").values_list("organization", flat=True)
        rows = Organization.objects.filter(pk__in=set(organizations)).order_by("pk")
        # The order of keys: two that lock several do not wait for each other.
        for organization in list(rows.select_related("owner")):
            locked = lock_organization(organization)
            for invitation in sent.filter(organization=locked).select_related("user"):
                invitation.organization = locked
                lines.append(
                    f"`{invitation.addressee}` as {invitation.role} of the organization"
                    f" `{locked.name}`"
                )
                _end(by, invitation, "organization.invitation-withdrawn")
    return lines


def check_is_addressee(actor: User, invitation: OrganizationInvitation) -> None:
    """Raise `InvitationAddressError` unless the verified address of the actor is the invited one."""
    if not actor.is_verified or actor.email.lower() != invitation.email:
        raise InvitationAddressError(
            "The invitation is for another email address than that of your account.",
            hint="Sign in with the account of that address, or ask for an invitation of your"
            f" user name, `{actor.username}`.",
        )


def _find_offer(actor: User, invitation_id: int | None, key: str) -> OrganizationInvitation:
    if invitation_id is not None:
        return get_own_organization_invitation(actor, invitation_id)
    invitation = get_invitation_of_key(key)
    check_is_addressee(actor, invitation)
    return invitation


def _end(actor: User | None, invitation: OrganizationInvitation, action: str) -> None:
    deleted, _ = OrganizationInvitation.objects.filter(pk=invitation.pk).delete()
    if not deleted:
        raise UnknownOrganizationInvitationError("There is no such invitation.")
    record_audit_entry(
        actor=actor,
        action=action,
        target=invitation.organization,
        subject=invitation.user,
        role=invitation.role,
    )


def _get_person(username: str) -> User:
    if not username or has_nul(username):
        raise _build_addressee_error()
    user = get_open_user(username)
    if user.is_robot:
        raise OrganizationRequestError(f"`{username}` is a robot and cannot be invited.")
    return user


def _check_email(text: str) -> None:
    try:
        validate_email(text)
        is_valid = len(text) <= _MAX_EMAIL_CHARS
    except ValidationError:
        is_valid = False
    if not is_valid:
        raise _build_addressee_error()


def _build_addressee_error() -> OrganizationRequestError:
    detail = "It is neither a user name nor an email address."
    return OrganizationRequestError(
        "The invitation cannot be sent.", fields=[FieldError("addressee", detail)]
    )


def _check_can_be_invited(organization: Organization, user: User | None, email: str) -> None:
    if user is not None and organization.memberships.filter(user=user).exists():
        raise InOrganizationError(f"`{user.username}` is a member of `{organization.name}`.")
    pending = organization.invitations
    same = pending.filter(user=user) if user is not None else pending.filter(email=email)
    if same.exists():
        raise InOrganizationError(
            f"An earlier invitation to `{organization.name}` is not answered.",
            hint="Wait for the answer, or withdraw that invitation first.",
        )


def _check_limits(organization: Organization) -> None:
    pending = organization.invitations.count()
    if pending >= MAX_INVITATIONS:
        raise OrganizationLimitError(
            f"`{organization.name}` has {pending} pending invitations; at most {MAX_INVITATIONS} are"
            " allowed.",
            hint="Withdraw invitations that nobody answers.",
        )
    # An identity provider has its own limit, and must not keep others out.
    others = organization.memberships.exclude(user__in=organization.scim_users.values("user"))
    total = pending + others.count()
    if total >= MAX_PEOPLE:
        raise OrganizationLimitError(
            f"`{organization.name}` has {total} members, robots and pending invitations, without those"
            f" of its identity provider; at most {MAX_PEOPLE} are allowed.",
        )


def _send_mail(invitation: OrganizationInvitation, key: str | None) -> None:
    """Tell the invited person, unless the address is not verified or has had too many such mails."""
    user = invitation.user
    if user is not None and not user.is_verified:
        return
    address = invitation.email if user is None else user.email
    digest = hashlib.sha256(address.lower().encode()).hexdigest()[:32]
    try:
        consume_quota("invitation-mail", f"address:{digest}")
    except RateLimitedError:
        return
    notify_owner(
        "organization_invitation",
        address,
        invitation=invitation,
        url=build_url("organizations")
        if key is None
        else build_url("organization-invitation", key=key),
        days=INVITATION_DAYS,
    )
