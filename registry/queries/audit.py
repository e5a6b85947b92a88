"""The part of the audit log that is about a plugin."""

from __future__ import annotations

from django.db.models import Q

from accounts.models import User
from accounts.queries.audit import AuditScope
from registry.errors import NotMemberError
from registry.queries.members import get_team
from registry.queries.visible import Viewer


def build_container(plugin_id: int) -> str:
    """The container of entries about a plugin and its releases."""
    return f"plugin:{plugin_id}"


def get_plugin_scope(name: str, *, viewer: User) -> AuditScope:
    """What was done to the plugin and its releases, for its members and moderators: 3 queries.

    Addresses of other people are hidden. Raises `UnknownPluginError`, and `NotMemberError` for others
    if the plugin is public.
    """
    team = get_team(name, Viewer(viewer))
    plugin = team.plugin
    if team.invitations is None:
        raise NotMemberError(f"Only members of `{plugin.name}` can read its log.")
    return AuditScope(plugin.name, (Q(container=build_container(plugin.pk)),), viewer_id=viewer.pk)
