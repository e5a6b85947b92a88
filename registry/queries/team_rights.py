"""Reads of the rights of teams."""

from __future__ import annotations

from django.db.models import Q

from accounts.models import Team
from registry.models import TeamRight
from registry.queries.visible import Viewer, build_visible_condition


def list_team_rights(team: Team, viewer: Viewer) -> list[TeamRight]:
    """The rights of a team in what the viewer may see, by target: 1 query.

    Members of the organization see its scopes, and not all of its private plugins.
    """
    is_visible = Q(plugin=None) | build_visible_condition(viewer, "plugin")
    rights = TeamRight.objects.filter(is_visible, team=team).select_related("plugin", "scope")
    return sorted(rights, key=lambda right: right.target)
