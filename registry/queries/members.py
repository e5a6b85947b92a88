"""Reads of the members of plugins and of invitations. Tests pin the query counts stated here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Organization, Token, User
from accounts.policies import is_security_reviewer
from plugport.spec.text import quote_text, remove_nul
from registry.errors import UnknownInvitationError, UnknownMemberError
from registry.models import Invitation, Member, Plugin, Role
from registry.policies import can_manage_members
from registry.queries.catalog import build_unknown_plugin_error, find_plugin, was_published
from registry.queries.visible import Viewer
from registry.rights import build_role_condition, find_role

# Ids are 64-bit integers in the databases, and larger ones are errors there.
_MAX_ID = 2**63 - 1
# An account may have more: any owner of any plugin can invite it.
MAX_LISTED_INVITATIONS = 100
_RANKS = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Team:
    """The members of a plugin, owners first, and what the viewer may see and do.

    `invitations` are the pending ones, or None if the viewer may not see them. `role` is that of
    the viewer, "" without one. `can_manage` allows to invite, remove and change members.
    """

    plugin: Plugin
    members: Sequence[Member]
    invitations: Sequence[Invitation] | None
    role: str
    can_manage: bool


def get_team(name: str, viewer: Viewer) -> Team:
    """The members of a plugin: 2 queries, 3 with a viewer, 4 for members and moderators.

    They also see plugins that are not published yet. Raises `UnknownPluginError`.
    """
    plugin = find_plugin(name, viewer)
    if plugin is None:
        raise build_unknown_plugin_error(name)
    user = viewer.find_account(plugin)
    members = sorted(
        plugin.members.select_related("holder__user", "holder__organization"),
        key=lambda member: (_RANKS[Role(member.role)], member.created_at, member.pk),
    )
    role = "" if user is None else find_role(user, plugin) or ""
    is_insider = user is not None and (bool(role) or is_security_reviewer(user))
    if not (was_published(plugin) or is_insider):
        raise build_unknown_plugin_error(name)
    invitations = list(_list_pending(plugin=plugin)) if is_insider else None
    can_manage = user is not None and can_manage_members(user, role)
    return Team(plugin, members, invitations, role, can_manage)


def get_member_plugin(name: str, *, actor: User, token: Token | None = None) -> Plugin:
    """The plugin that the actor may see, not published yet only as a member or moderator.

    At most 2 queries. With a token, what is not public is found only if the token may see it; whether
    it may be used is to be checked with the plugin's name.
    Raises `UnknownPluginError`.
    """
    plugin = find_plugin(name, Viewer(actor, token))
    if plugin is None or not (
        was_published(plugin) or is_security_reviewer(actor) or find_role(actor, plugin) is not None
    ):
        raise build_unknown_plugin_error(name)
    return plugin


def lock_plugin(plugin: Plugin) -> Plugin:
    """Lock the row until the transaction ends; returns it as it is now: 1 query.

    Changes of members are decided under this lock, so that two of them cannot leave a plugin without
    an owner. Raises `UnknownPluginError` if the plugin was deleted: its name was freed meanwhile.
    """
    rows = Plugin.objects.select_for_update(of=("self",)).select_related("scope")
    locked = rows.filter(pk=plugin.pk).first()
    if locked is None:
        raise build_unknown_plugin_error(plugin.name)
    return locked


def lock_holding_organizations(plugin: Plugin) -> bool:
    """Lock the organizations that hold the plugin until the transaction ends; whether there are any: 1 query.

    Their members and teams then keep their rights in the plugin until the commit. Lock the plugin
    before.
    """
    rows = Organization.objects.filter(owner__memberships__plugin=plugin).order_by("pk")
    return bool(list(rows.select_for_update(of=("self",), no_key=True).values_list("pk")))


def get_member(plugin: Plugin, username: str) -> Member:
    """The member with that user name: 1 query. Raises `UnknownMemberError`."""
    rows = plugin.members.select_related("holder").filter(holder__name=remove_nul(username))
    member = rows.first()
    if member is None:
        raise UnknownMemberError(f"{quote_text(username)} is not a member of `{plugin.name}`.")
    member.plugin = plugin
    return member


def list_invitations(user: User) -> list[Invitation]:
    """The pending invitations of the user, newest first, `MAX_LISTED_INVITATIONS` at most: 1 query."""
    return list(_list_pending(user=user)[:MAX_LISTED_INVITATIONS])


def get_invitation(user: User, invitation_id: int) -> Invitation:
    """A pending invitation of the user: 1 query. Raises `UnknownInvitationError`.

    An invitation of another account is as unknown as a missing one.
    """
    is_id = 0 < invitation_id <= _MAX_ID
    invitation = _list_pending(user=user).filter(pk=invitation_id).first() if is_id else None
    if invitation is None:
        raise UnknownInvitationError(
            "Your account has no such invitation.",
            hint="It may have been withdrawn, or it has expired. Ask an owner for another one.",
        )
    return invitation


def _list_pending(**condition: User | Plugin) -> QuerySet[Invitation]:
    rows = Invitation.objects.filter(**condition).exclude(build_ended_condition())
    return rows.select_related("plugin", "user", "invited_by").order_by("-id")


def build_ended_condition() -> Q:
    """Select the invitations that have expired, or whose sender may no longer send them.

    The sender's account is closed, or `can_manage_members` is not true for it any longer.
    """
    sender = OuterRef("invited_by")
    can_manage = (
        build_role_condition(sender, plugin="plugin", roles=(Role.OWNER,))
        | Q(invited_by__is_superuser=True)
        | (Q(invited_by__is_moderator=True) & ~build_role_condition(sender, plugin="plugin"))
    )
    return Q(expires_at__lte=timezone.now()) | Q(invited_by__is_active=False) | ~can_manage
