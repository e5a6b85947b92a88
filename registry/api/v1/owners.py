"""`/plugins/{name}/owners` and `/me/invitations`: members of plugins, and how they are invited."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView, get_actor, get_request_token
from accounts.models import User
from accounts.policies import list_in_token_limits
from common.api.conditional import PRIVATE, REVALIDATE, respond_json
from plugport.spec.api import owners as api
from plugport.spec.api.bodies import InvitationBody, RoleBody
from plugport.spec.api.validation import validate_body
from registry.actions.change_member_role import change_member_role
from registry.actions.invitations.accept_invitation import accept_invitation
from registry.actions.invitations.decline_invitation import decline_invitation
from registry.actions.invitations.withdraw_invitation import withdraw_invitation
from registry.actions.invite_member import invite_member
from registry.actions.remove_member import remove_member
from registry.api.v1.parameters import INVITATION_ID, NAME, USERNAME
from registry.api.viewers import get_token_viewer
from registry.errors import UnknownMemberError
from registry.models import Invitation, Plugin, Role
from registry.queries.members import (
    get_invitation,
    get_member_plugin,
    get_team,
    list_invitations,
)
from registry.representations.members import (
    build_invitation,
    build_member,
    build_member_list,
)


class OwnersView(ApiView):
    """The members of a plugin."""

    @extend_schema(operation_id="listOwners", parameters=[NAME], responses=api.MemberList)
    def get(self, request: Request, name: str) -> HttpResponse:
        """List the members of a plugin. With a token of a member, also pending invitations.

        For them, the token needs `read` or `manage`, and must be valid for the plugin.
        """
        document = build_member_list(get_team(name, get_token_viewer(request)))
        cache = REVALIDATE if document["invitations"] is None else PRIVATE
        return respond_json(request, document, cache=cache)

    @extend_schema(
        operation_id="inviteOwner",
        parameters=[NAME],
        request=InvitationBody,
        responses={201: api.Invitation},
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        """Invite an account; it becomes a member when it accepts. Requires `manage`.

        For owners. Members can be invited to become owners too.
        """
        plugin, actor = _get_plugin_and_actor(request, name)
        body = validate_body(InvitationBody, request.data)
        invitation = invite_member(
            actor=actor, plugin=plugin, username=body["username"], role=Role(body["role"])
        )
        document = build_invitation(invitation)
        return respond_json(request, document, cache=PRIVATE, status=201)


class OwnerView(ApiView):
    """One member of a plugin, or one person who is invited."""

    @extend_schema(
        operation_id="changeOwnerRole",
        parameters=[NAME, USERNAME],
        request=RoleBody,
        responses=api.Member,
    )
    def patch(self, request: Request, name: str, username: str) -> HttpResponse:
        """Change the role of a member, and withdraw a pending invitation. Requires `manage`.

        For owners. New owners must be invited.
        """
        plugin, actor = _get_plugin_and_actor(request, name)
        role = Role(validate_body(RoleBody, request.data)["role"])
        member = change_member_role(actor=actor, plugin=plugin, username=username, role=role)
        return respond_json(request, build_member(member), cache=PRIVATE)

    @extend_schema(operation_id="removeOwner", parameters=[NAME, USERNAME], responses=api.Removal)
    def delete(self, request: Request, name: str, username: str) -> HttpResponse:
        """Remove a member, or withdraw the invitation of an account. Requires `manage`.

        For owners. Every member can leave a plugin, except its last owner.
        """
        plugin, actor = _get_plugin_and_actor(request, name)
        removed = "member"
        try:
            remove_member(actor=actor, plugin=plugin, username=username)
        except UnknownMemberError:
            withdraw_invitation(actor=actor, plugin=plugin, username=username)
            removed = "invitation"
        document: api.Removal = {"name": plugin.name, "username": username, "removed": removed}
        return respond_json(request, document, cache=PRIVATE)


class InvitationsView(ApiView):
    """The invitations of the caller."""

    @extend_schema(operation_id="listInvitations", responses=api.InvitationList)
    def get(self, request: Request) -> HttpResponse:
        """List the newest invitations of the account of the token, at most 100.

        Requires `read` or `manage`.
        """
        rows = list_invitations(get_actor(request, "read", "manage"))
        token = get_request_token(request)
        allowed = list_in_token_limits(token, [row.plugin.parsed_name for row in rows])
        rows = [row for row in rows if row.plugin.parsed_name in allowed]
        document: api.InvitationList = {"invitations": [build_invitation(row) for row in rows]}
        return respond_json(request, document, cache=PRIVATE)


class AcceptView(ApiView):
    """The acceptance of an invitation."""

    @extend_schema(
        operation_id="acceptInvitation",
        parameters=[INVITATION_ID],
        request=None,
        responses=api.Member,
    )
    def post(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Accept an invitation: become a member of the plugin. Requires `manage`."""
        invitation = _get_own_invitation(request, id)
        member = accept_invitation(actor=invitation.user, invitation_id=invitation.pk)
        return respond_json(request, build_member(member), cache=PRIVATE)


class DeclineView(ApiView):
    """The refusal of an invitation."""

    @extend_schema(
        operation_id="declineInvitation",
        parameters=[INVITATION_ID],
        request=None,
        responses=api.Invitation,
    )
    def post(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Decline an invitation, which is deleted. Requires `manage`."""
        invitation = _get_own_invitation(request, id)
        declined = decline_invitation(actor=invitation.user, invitation_id=invitation.pk)
        return respond_json(request, build_invitation(declined), cache=PRIVATE)


def _get_plugin_and_actor(request: Request, name: str) -> tuple[Plugin, User]:
    """Return the plugin and the caller, who may `manage` it with the token."""
    token = get_request_token(request)
    plugin = get_member_plugin(name, actor=token.user, token=token)
    return plugin, get_actor(request, "manage", plugin=plugin.name)


def _get_own_invitation(request: Request, invitation_id: int) -> Invitation:
    """Return an invitation of the caller, to a plugin that the token may `manage`."""
    # First, so that a token without the scope learns nothing about invitations.
    actor = get_actor(request, "manage")
    invitation = get_invitation(actor, invitation_id)
    get_actor(request, "manage", plugin=invitation.plugin.name)
    return invitation
