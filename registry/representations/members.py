"""The JSON of members of plugins and of invitations."""

from __future__ import annotations

from common.times import format_time
from plugport.spec.api import owners as api
from registry.models import Invitation, Member
from registry.queries.members import Team


def build_member(member: Member) -> api.Member:
    """Return the account and its role."""
    return {
        "username": member.holder.name,
        "role": member.role,
        "since": format_time(member.created_at),
    }


def build_invitation(invitation: Invitation) -> api.Invitation:
    """Return an invitation whose plugin and accounts are loaded."""
    return {
        "id": invitation.pk,
        "plugin": invitation.plugin.name,
        "username": invitation.user.username,
        "role": invitation.role,
        "invitedBy": invitation.invited_by.username,
        "createdAt": format_time(invitation.created_at),
        "expiresAt": format_time(invitation.expires_at),
    }


def build_member_list(team: Team) -> api.MemberList:
    """Return the members, and the invitations if the viewer may see them."""
    invitations = team.invitations
    return {
        "name": team.plugin.name,
        "members": [build_member(member) for member in team.members],
        "invitations": None
        if invitations is None
        else [build_invitation(invitation) for invitation in invitations],
    }
