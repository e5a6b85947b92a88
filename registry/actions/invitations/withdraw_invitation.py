"""Withdraw an invitation to a plugin."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from plugport.spec.text import quote_text, remove_nul
from registry.errors import UnknownInvitationError
from registry.models import Plugin
from registry.policies import check_may_manage_members
from registry.queries.members import build_ended_condition, lock_plugin


def withdraw_invitation(*, actor: User, plugin: Plugin, username: str) -> None:
    """Delete the pending invitation of an account, before it is answered.

    Writes an audit entry. Raises `NotMemberError` and `UnknownInvitationError`.
    """
    check_may_manage_members(actor, plugin)
    with transaction.atomic():
        locked = lock_plugin(plugin)
        check_may_manage_members(actor, locked)
        rows = locked.invitations.exclude(build_ended_condition())
        invitation = rows.filter(user__username=remove_nul(username)).first()
        if invitation is None:
            raise UnknownInvitationError(
                f"{quote_text(username)} has no pending invitation to `{locked.name}`.",
                hint="It may have been answered in the meantime.",
            )
        record_audit_entry(
            actor=actor,
            action="invitation.withdrawn",
            target=locked,
            subject=invitation.user,
            role=invitation.role,
        )
        invitation.delete()
