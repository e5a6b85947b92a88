"""Remove a member of a plugin."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from registry.models import Plugin
from registry.policies import check_may_end_role
from registry.publishing.refresh import refresh_owners
from registry.queries.members import get_member, lock_plugin


def remove_member(*, actor: User, plugin: Plugin, username: str) -> None:
    """End a membership: the actor's own, or that of another account.

    It takes effect with the next request, also of tokens. Deletes the pending invitations to and from
    the member, and writes an audit entry. Raises `UnknownMemberError`, `NotMemberError`,
    `ScopeOwnerError` and `LastOwnerError`.
    """
    with transaction.atomic():
        locked = lock_plugin(plugin)
        member = get_member(locked, username)
        check_may_end_role(actor, member)
        person = member.holder.user_id
        is_own = person == actor.pk
        record_audit_entry(
            actor=actor,
            action="member.left" if is_own else "member.removed",
            target=locked,
            subject=member.holder,
            role=member.role,
        )
        # Nobody joins on the word of a person who is no longer there.
        locked.invitations.filter(Q(user=person) | Q(invited_by=person)).delete()
        member.delete()
        refresh_owners(locked)
