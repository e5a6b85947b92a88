"""Withdraw the invitations that an account has sent."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from registry.models import Invitation


def withdraw_sent_invitations(user: User, by: User | None) -> list[str]:
    """Delete all pending invitations of the account to plugins; returns a line about each.

    For an account that gets a new password: a thief may have invited an accomplice, who would accept
    when the owner has recovered the account. Writes audit entries; `by` None means an operator.
    """
    lines = []
    with transaction.atomic():
        rows = Invitation.objects.filter(invited_by=user).select_related("plugin", "user")
        for invitation in rows.order_by("id"):
            name, plugin = invitation.user.username, invitation.plugin.name
            record_audit_entry(
                actor=by,
                action="invitation.withdrawn",
                target=invitation.plugin,
                subject=invitation.user,
                role=invitation.role,
            )
            lines.append(f"`{name}` as {invitation.role} of `{plugin}`")
            invitation.delete()
    return lines
