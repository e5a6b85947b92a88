"""Change the role of a member of a plugin."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from registry.errors import InvitationRequiredError
from registry.models import Member, Plugin, Role
from registry.policies import check_may_end_role, check_may_manage_members
from registry.publishing.refresh import refresh_owners
from registry.queries.members import get_member, lock_plugin


def change_member_role(*, actor: User, plugin: Plugin, username: str, role: Role) -> Member:
    """Give a member another role, at once; returns the membership.

    An owner becomes nobody this way: that needs an invitation. A pending one is withdrawn, because
    the role that is set last counts. Writes an audit entry if the role is another one. Raises
    `NotMemberError`, `UnknownMemberError`, `InvitationRequiredError`, `ScopeOwnerError` and
    `LastOwnerError`.
    """
    check_may_manage_members(actor, plugin)
    with transaction.atomic():
        locked = lock_plugin(plugin)
        check_may_manage_members(actor, locked)
        member = get_member(locked, username)
        ended = Q(user=member.holder.user_id)
        if member.role != role:
            if role == Role.OWNER:
                raise InvitationRequiredError(
                    f"`{username}` must agree to become an owner of `{locked.name}`.",
                    hint="Invite the member as an owner. The role changes with the acceptance.",
                )
            if member.role == Role.OWNER:
                check_may_end_role(actor, member)
                # Only owners invite.
                ended |= Q(invited_by=member.holder.user_id)
            record_audit_entry(
                actor=actor,
                action="member.role-changed",
                target=locked,
                subject=member.holder,
                before=member.role,
                after=str(role),
            )
            member.role = role
            member.save(update_fields=["role"])
        locked.invitations.filter(ended).delete()
        refresh_owners(locked)
    return member
