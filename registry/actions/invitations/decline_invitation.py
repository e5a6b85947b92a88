"""Decline an invitation to a plugin."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from accounts.security.organization_session import check_is_personal
from registry.models import Invitation
from registry.queries.members import get_invitation, lock_plugin


def decline_invitation(*, actor: User, invitation_id: int) -> Invitation:
    """Delete an invitation of the actor; returns it. Nothing else changes.

    Writes an audit entry. Raises `UnknownInvitationError`.
    """
    check_is_personal(actor)
    with transaction.atomic():
        lock_plugin(get_invitation(actor, invitation_id).plugin)
        # Again: an owner may have withdrawn it since.
        invitation = get_invitation(actor, invitation_id)
        Invitation.objects.filter(pk=invitation.pk).delete()
        record_audit_entry(
            actor=actor,
            action="invitation.declined",
            target=invitation.plugin,
            role=invitation.role,
            subject=actor,
            invited_by=invitation.invited_by_id,
        )
    return invitation
