"""The parts of the audit log that are about a plugin or an organization."""

from __future__ import annotations

from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast, Concat

from accounts.models import Organization, User
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.audit import AuditScope
from registry.errors import NotMemberError
from registry.models import Plugin
from registry.queries.members import get_team
from registry.queries.visible import Viewer

_PREFIX = "plugin:"


def build_container(plugin_id: int) -> str:
    """The container of entries about a plugin and its releases."""
    return f"{_PREFIX}{plugin_id}"


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


def get_organization_scope(organization: Organization, *, viewer: User) -> AuditScope:
    """What concerns the organization, for its owners and managers: 2 queries.

    Its members, teams, invitations, issuers and scopes; what its robots did, and their tokens; its
    plugins and their releases. Addresses of people are hidden. Raises `OrganizationRightError`.
    """
    check_organization_right(viewer, organization, OrganizationRight.MANAGE_PEOPLE)
    robots = frozenset(organization.robots.values_list("pk", flat=True))
    # `container` is a text without a foreign key, because plugins can be deleted.
    plugins = Plugin.objects.filter(
        Q(members__holder__organization=organization) | Q(scope__owner__organization=organization)
    )
    containers = plugins.annotate(container=Concat(Value(_PREFIX), Cast("pk", CharField())))
    return AuditScope(
        organization.name,
        (
            Q(owner_id=organization.owner.pk),
            Q(actor_id__in=robots),
            Q(subject_id__in=robots),
            Q(container__in=containers.values("container")),
        ),
        viewer_id=viewer.pk,
        shown=robots,
    )
