"""Give rights in plugins and scopes to teams of organizations, and take them away."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.organizations.teams import check_may_change_team
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import Organization, Team, User
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_team, lock_organization
from plugport.spec.names import PluginName
from plugport.spec.text import quote_text, remove_nul
from registry.errors import UnknownRightError
from registry.models import Plugin, Role, Scope, TeamRight
from registry.policies import find_alike_scope


def set_team_right(
    *, actor: User, organization: Organization, team_name: str, target: str, role: Role
) -> TeamRight:
    """Give a team a role in a plugin of the organization, or in all plugins of a scope (`@scope`).

    It replaces an earlier role. Managers give rights up to those that they have: maintainer. Writes an
    audit entry. Raises `OrganizationRightError`, `UnknownTeamError` and `UnknownRightError`.
    """
    with transaction.atomic():
        team = _lock_team(actor, organization, team_name)
        if role == Role.OWNER:
            check_organization_right(actor, team.organization, OrganizationRight.MANAGE_OWNERS)
        plugin, scope = _get_target(actor, team.organization, target)
        right, _ = TeamRight.objects.update_or_create(
            team=team, plugin=plugin, scope=scope, defaults={"role": role}
        )
        _record(actor, team, "team.right-given", right)
    return right


def remove_team_right(
    *, actor: User, organization: Organization, team_name: str, target: str
) -> None:
    """Take the right in a plugin or scope away from a team; it ends at once. Writes an audit entry.

    Raises `OrganizationRightError`, `UnknownTeamError` and `UnknownRightError`.
    """
    with transaction.atomic():
        team = _lock_team(actor, organization, team_name)
        name = remove_nul(target)
        rights = TeamRight.objects.filter(team=team).select_related("plugin", "scope")
        rows = (
            rights.filter(scope__name=name.removeprefix("@"))
            if _is_scope(name)
            else rights.filter(plugin__name=name)
        )
        right = rows.first()
        if right is None:
            raise UnknownRightError(f"The team `{team.name}` has no right in {quote_text(target)}.")
        _record(actor, team, "team.right-removed", right)
        right.delete()


def has_owner_right(team: Team) -> bool:
    """Whether the team has the rights of owners in something: 1 query."""
    return TeamRight.objects.filter(team=team, role=Role.OWNER).exists()


def _lock_team(actor: User, organization: Organization, name: str) -> Team:
    locked = lock_organization(organization)
    # First, so that strangers do not learn the names of teams.
    check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
    team = get_team(locked, name)
    check_may_change_team(actor, team)
    return team


def _is_scope(target: str) -> bool:
    return target.startswith("@") and "/" not in target


def _get_target(
    actor: User, organization: Organization, target: str
) -> tuple[Plugin | None, Scope | None]:
    """The plugin or the scope of the organization. One of another owner is as unknown as a missing one."""
    name = remove_nul(target)
    plugin = scope = None
    if _is_scope(name):
        scopes = Scope.objects.filter(owner__organization=organization)
        scope = scopes.filter(name=name.removeprefix("@")).first()
        if scope is None and name == f"@{organization.name}":
            scope = _create_own_scope(actor, organization)
    else:
        plugins = Plugin.objects.filter(members__holder__organization=organization)
        plugin = plugins.filter(name=name).first()
    if plugin is None and scope is None:
        raise UnknownRightError(
            f"`{organization.name}` has no plugin or scope {quote_text(target)}.",
            hint="Name a plugin (`@acme/chat`) or a scope (`@acme`) of the organization.",
        )
    return plugin, scope


def _create_own_scope(actor: User, organization: Organization) -> Scope | None:
    """The scope of the organization's name before its first plugin; None if somebody else has it."""
    taken = find_alike_scope(organization.name)
    if taken is not None and taken.name != organization.name:
        return None
    key = PluginName(None, organization.name).collision_key
    # Somebody may publish the first plugin at this moment.
    scope, is_new = Scope.objects.get_or_create(
        name=organization.name, defaults={"owner": organization.owner, "collision_key": key}
    )
    if is_new:
        record_audit_entry(actor=actor, action="scope.created", target=scope)
    return scope if scope.owner_id == organization.owner.pk else None


def _record(actor: User, team: Team, action: str, right: TeamRight) -> None:
    record_audit_entry(
        actor=actor,
        action=action,
        target=team.organization,
        team=team.name,
        right=right.target,
        role=str(right.role),
    )
