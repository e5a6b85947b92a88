"""Accept an invitation to a plugin."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from accounts.policies import check_is_verified
from accounts.security.organization_session import check_is_personal
from registry.models import Member
from registry.publishing.refresh import refresh_owners
from registry.queries.members import get_invitation, lock_plugin


def accept_invitation(*, actor: User, invitation_id: int) -> Member:
    """Make the actor a member with the offered role; returns the membership.

    Writes an audit entry. Raises `EmailNotVerifiedError` and `UnknownInvitationError`.
    """
    check_is_personal(actor)
    check_is_verified(actor)
    with transaction.atomic():
        plugin = lock_plugin(get_invitation(actor, invitation_id).plugin)
        # Again: an owner may have withdrawn it since.
        invitation = get_invitation(actor, invitation_id)
        # A member who was invited as an owner gets the new role.
        member, _ = Member.objects.update_or_create(
            plugin=plugin, holder=actor.owner, defaults={"role": invitation.role}
        )
        invitation.delete()
        record_audit_entry(
            actor=actor,
            action="member.joined",
            target=plugin,
            role=member.role,
            subject=actor,
            invited_by=invitation.invited_by_id,
        )
        refresh_owners(plugin)
    return member
