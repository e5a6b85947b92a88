"""The roles of accounts in plugins and scopes, from all sources. `registry.policies` decides with them.

An account has a role in a plugin

- if it holds the role itself,
- if it is an owner of an organization that holds the plugin (then it has the role of an owner), or a
  manager of one (maintainer),
- if it is in a team of that organization which has a right in the plugin or in its scope.

The highest role counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, Value, When

from accounts.models import OrganizationMember, OrganizationRole, User
from registry.models import Member, Plugin, Role, Scope, TeamRight

_ALL_ROLES = tuple(Role)
# The roles in the plugins of an organization that follow from a role in the organization.
_FROM_ORGANIZATION = {
    OrganizationRole.OWNER: Role.OWNER,
    OrganizationRole.MANAGER: Role.MAINTAINER,
}


def build_role_condition(
    user: User | OuterRef, *, plugin: str = "pk", roles: Collection[Role] = _ALL_ROLES
) -> Q:
    """Select the rows in whose plugin the user has one of the roles, from any source.

    `plugin` is the path from the row to the key of the plugin. `user` may be a column of the row.
    """
    key = OuterRef(plugin)
    sources = [role for role, given in _FROM_ORGANIZATION.items() if given in roles]
    held = Member.objects.filter(plugin=key, holder__user=user, role__in=roles)
    of_organization = Member.objects.filter(
        plugin=key,
        holder__organization__memberships__user=user,
        holder__organization__memberships__role__in=sources,
    )
    of_team = TeamRight.objects.filter(
        plugin=key,
        role__in=roles,
        team__members__member__user=user,
        plugin__members__holder__organization=F("team__organization"),
    )
    of_scope = TeamRight.objects.filter(
        scope__plugins=key,
        role__in=roles,
        team__members__member__user=user,
        scope__plugins__members__holder__organization=F("team__organization"),
    )
    return Q(Exists(held)) | Q(Exists(of_organization)) | Q(Exists(of_team)) | Q(Exists(of_scope))


def list_roles(user: User, plugins: Iterable[int]) -> dict[int, Role]:
    """The role of the user in each of the plugins in which it has one, by key: 1 query."""
    role = Case(
        *(
            When(build_role_condition(user, roles=(role,)), then=Value(str(role)))
            for role in _ALL_ROLES
        ),
        default=Value(""),
        output_field=CharField(),
    )
    rows = Plugin.objects.filter(pk__in=set(plugins)).annotate(role=role)
    return {key: Role(name) for key, name in rows.values_list("pk", "role") if name}


def find_role(user: User, plugin: Plugin) -> Role | None:
    """The role of the user in the plugin, None without one: 1 query."""
    return list_roles(user, [plugin.pk]).get(plugin.pk)


def build_scope_condition(user: User) -> Q:
    """Select the scopes in which the user may publish new plugins."""
    key = OuterRef("pk")
    of_organization = OrganizationMember.objects.filter(
        organization=OuterRef("owner__organization"),
        user=user,
        role__in=_FROM_ORGANIZATION,
    )
    of_team = TeamRight.objects.filter(
        scope=key,
        team__members__member__user=user,
        scope__owner__organization=F("team__organization"),
    )
    return Q(owner__user=user) | Q(Exists(of_organization)) | Q(Exists(of_team))


def may_publish_in(user: User, scope: Scope) -> bool:
    """Whether the user may publish new plugins in the scope, whose owner is loaded: at most 1 query."""
    if scope.owner.user_id is not None:
        return scope.owner.user_id == user.pk
    return Scope.objects.filter(build_scope_condition(user), pk=scope.pk).exists()
