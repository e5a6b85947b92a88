"""Invite an account to a plugin."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import UnknownUserError
from accounts.mails import build_url, notify_owner
from accounts.models import User
from accounts.policies import check_is_verified
from accounts.queries.users import get_open_user, lock_unchanged_account
from common.http.errors import RateLimitedError
from common.rate_limits import consume_quota
from registry.errors import (
    AlreadyInvitedError,
    AlreadyMemberError,
    InvitationLimitError,
    NotMemberError,
)
from registry.models import Invitation, Plugin, Role
from registry.policies import check_may_manage_members
from registry.queries.members import build_ended_condition, lock_plugin

INVITATION_DAYS = 30
MAX_INVITATIONS = 20
# With pending invitations. Bounds the list of members, which has no pages.
MAX_MEMBERS = 100


def invite_member(*, actor: User, plugin: Plugin, username: str, role: Role) -> Invitation:
    """Offer an account a role, or a member the role of an owner; sends one mail.

    Nothing changes until the person accepts. Writes the invitation and an audit entry. Raises
    `EmailNotVerifiedError`, `NotMemberError`, `UnknownUserError`, `AlreadyMemberError`,
    `AlreadyInvitedError`, `InvitationLimitError`, `PasswordChangedError` and `RateLimitedError`.
    """
    check_is_verified(actor)
    check_may_manage_members(actor, plugin)
    user = get_open_user(username.strip().removeprefix("@").lower())
    if user.is_robot:
        raise UnknownUserError(
            f"`{user.username}` is a robot, which has no roles of its own.",
            hint="Give the role to a team of its organization.",
        )
    with transaction.atomic():
        # A new password withdraws the invitations of the account, and this must not be a later one.
        lock_unchanged_account(actor)
        locked = lock_plugin(plugin)
        # Again: the actor may have been removed since.
        check_may_manage_members(actor, locked)
        locked.invitations.filter(build_ended_condition()).delete()
        _check_can_be_invited(actor, locked, user, role)
        _check_limits(locked)
        consume_quota("invitation", f"account:{actor.pk}")
        now = timezone.now()
        invitation = Invitation.objects.create(
            plugin=locked,
            user=user,
            role=role,
            invited_by=actor,
            created_at=now,
            expires_at=now + dt.timedelta(days=INVITATION_DAYS),
        )
        record_audit_entry(
            actor=actor,
            action="member.invited",
            target=locked,
            subject=user,
            role=str(role),
        )
    _send_mail(invitation)
    return invitation


def _check_can_be_invited(actor: User, plugin: Plugin, user: User, role: Role) -> None:
    member = plugin.members.filter(holder__user=user).first()
    if member is not None and (member.role == Role.OWNER or role != Role.OWNER):
        raise AlreadyMemberError(
            f"`{user.username}` is a member of `{plugin.name}`, with the role {member.role}.",
            hint=None
            if member.role == Role.OWNER
            else "Change the role instead; only new owners need an invitation.",
            context={"role": member.role},
        )
    if user.pk == actor.pk:
        # Moderators would otherwise become owners of any plugin, and maintainers cannot get here.
        raise NotMemberError("You cannot invite your own account.")
    if plugin.invitations.filter(user=user).exists():
        raise AlreadyInvitedError(
            f"`{user.username}` has not answered an earlier invitation to `{plugin.name}`.",
            hint="Wait for the answer, or withdraw that invitation first.",
        )


def _check_limits(plugin: Plugin) -> None:
    pending = plugin.invitations.count()
    if pending >= MAX_INVITATIONS:
        raise InvitationLimitError(
            f"`{plugin.name}` has {pending} pending invitations; at most {MAX_INVITATIONS} are"
            " allowed.",
            hint="Withdraw invitations that nobody answers.",
        )
    total = pending + plugin.members.count()
    if total >= MAX_MEMBERS:
        raise InvitationLimitError(
            f"`{plugin.name}` has {total} members and pending invitations; at most {MAX_MEMBERS}"
            " are allowed.",
            hint="Remove members who no longer work on the plugin.",
        )


def _send_mail(invitation: Invitation) -> None:
    """Tell the invited person, if the address is verified and has not had too many such mails."""
    user = invitation.user
    # An address that is not verified may be that of a stranger.
    if not user.is_verified:
        return
    try:
        consume_quota("invitation-mail", f"account:{user.pk}")
    except RateLimitedError:
        return
    notify_owner(
        "invitation",
        user.email,
        invitation=invitation,
        url=build_url("account") + "#invitations",
        days=INVITATION_DAYS,
    )
