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

from accounts.models import OrganizationMember, OrganizationRole, Owner, User
from accounts.security.memberships import build_membership_condition
from registry.models import Member, Plugin, Role, Scope, TeamRight, Visibility

_ALL_ROLES = tuple(Role)
_OWNERS = (OrganizationRole.OWNER, OrganizationRole.MANAGER)
# The roles in the plugins of an organization that follow from a role in the organization.
_FROM_ORGANIZATION = {
    OrganizationRole.OWNER: Role.OWNER,
    OrganizationRole.MANAGER: Role.MAINTAINER,
}

_MEMBERSHIPS = "holder__organization__memberships__"
_ROLE_FROM_ORGANIZATION = Case(
    *(
        When(**{f"{_MEMBERSHIPS}role": given}, then=Value(str(role)))
        for given, role in _FROM_ORGANIZATION.items()
    ),
    output_field=CharField(),
)


def build_role_condition(
    user: User | OuterRef, *, plugin: str = "pk", roles: Collection[Role] = _ALL_ROLES
) -> Q:
    """Select the rows in whose plugin the user has one of the roles, from any source.

    `plugin` is the path from the row to the key of the plugin. `user` may be a column of the row.
    """
    key = OuterRef(plugin)
    sources = [role for role, given in _FROM_ORGANIZATION.items() if given in roles]
    held = Member.objects.filter(
        build_reach(user, "plugin__scope__"), plugin=key, holder__user=user, role__in=roles
    )
    of_organization = Member.objects.filter(
        build_membership_condition(user, _MEMBERSHIPS),
        plugin=key,
        **{f"{_MEMBERSHIPS}role__in": sources},
    )
    in_team = build_membership_condition(user, "team__members__member__")
    of_team = TeamRight.objects.filter(
        in_team,
        plugin=key,
        role__in=roles,
        plugin__members__holder__organization=F("team__organization"),
    )
    of_scope = TeamRight.objects.filter(
        in_team,
        scope__plugins=key,
        role__in=roles,
        scope__plugins__members__holder__organization=F("team__organization"),
    )
    return Q(Exists(held)) | Q(Exists(of_organization)) | Q(Exists(of_team)) | Q(Exists(of_scope))


def build_reach(user: User | OuterRef, scope: str) -> Q:
    """Select what the session of the user reaches; `scope` is the path to the scope."""
    if isinstance(user, User) and user.session_of is not None:
        return Q(**{f"{scope}owner__organization": user.session_of})
    return Q()


def owns_personally(user: User, owner: Owner) -> bool:
    """Whether the owner is the user, whose session reaches what belongs to the person: no query."""
    return owner.user_id == user.pk and user.session_of is None


def build_personal_condition(user: User, scope: str = "") -> Q:
    """Select what is in scopes that belong to the user; `scope` is the path to the scope."""
    # Organizations own what else a session of one of them reaches.
    return build_reach(user, scope) & Q(**{f"{scope}owner__user": user})


def list_roles(user: User, plugins: Iterable[int]) -> dict[int, Role]:
    """The role of the user in each of the plugins in which it has one, by key: 1 query.

    Each source is read once for all roles, in a quarter of the time of `build_role_condition` by role.
    """
    keys = set(plugins)
    in_team = build_membership_condition(user, "team__members__member__")
    held = Member.objects.filter(
        build_reach(user, "plugin__scope__"), plugin__in=keys, holder__user=user
    ).values_list("plugin", "role")
    of_organization = Member.objects.filter(
        build_membership_condition(user, _MEMBERSHIPS),
        plugin__in=keys,
        **{f"{_MEMBERSHIPS}role__in": _FROM_ORGANIZATION},
    ).values_list("plugin", _ROLE_FROM_ORGANIZATION)
    of_team = TeamRight.objects.filter(
        in_team,
        plugin__in=keys,
        plugin__members__holder__organization=F("team__organization"),
    ).values_list("plugin", "role")
    of_scope = TeamRight.objects.filter(
        in_team,
        scope__plugins__in=keys,
        scope__plugins__members__holder__organization=F("team__organization"),
    ).values_list("scope__plugins", "role")
    roles: dict[int, Role] = {}
    for key, name in held.union(of_organization, of_team, of_scope):
        roles[key] = min(Role(name), roles.get(key, Role.PUBLISHER), key=_ALL_ROLES.index)
    return roles


def find_role(user: User, plugin: Plugin) -> Role | None:
    """The role of the user in the plugin, None without one: 1 query."""
    return list_roles(user, [plugin.pk]).get(plugin.pk)


def build_scope_condition(user: User) -> Q:
    """Select the scopes in which the user may publish new plugins."""
    key = OuterRef("pk")
    of_organization = OrganizationMember.objects.filter(
        build_membership_condition(user),
        organization=OuterRef("owner__organization"),
        role__in=_FROM_ORGANIZATION,
    )
    of_team = TeamRight.objects.filter(
        build_membership_condition(user, "team__members__member__"),
        scope=key,
        scope__owner__organization=F("team__organization"),
    )
    personal = build_personal_condition(user)
    return personal | Q(Exists(of_organization)) | Q(Exists(of_team))


def may_publish_in(user: User, scope: Scope) -> bool:
    """Whether the user may publish new plugins in the scope, whose owner is loaded: at most 1 query."""
    if scope.owner.user_id is not None:
        return owns_personally(user, scope.owner)
    return Scope.objects.filter(build_scope_condition(user), pk=scope.pk).exists()


def build_scope_owner_condition(user: User, scope: str = "") -> Q:
    """Select the scopes of the account, and those of organizations of which it is an owner."""
    of_organization = _build_organization_condition(user, scope, (OrganizationRole.OWNER,))
    return build_personal_condition(user, scope) | of_organization


def build_access_condition(user: User) -> Q:
    """Select, of the plugins that are not public, those that the account may see.

    It has a role in the plugin or owns its scope, or the plugin is internal and the account belongs
    to those for whom the scope's owner publishes. Moderators and superusers are no exception.
    """
    owned = build_personal_condition(user, "scope__") | _build_organization_condition(
        user, "scope__", _OWNERS
    )
    has_role = build_role_condition(user)
    return has_role | owned | _build_internal_condition(user, "scope__")


def _build_internal_condition(user: User, scope: str) -> Q:
    """Select what is internal: in a scope of a person for accounts with a verified address, else for members."""
    # Anybody can sign up with an address of another person.
    if not user.is_verified:
        return Q(pk__in=[])
    person = build_reach(user, scope) & Q(**{f"{scope}owner__kind": Owner.Kind.PERSON})
    of_organization = _build_organization_condition(user, scope, tuple(OrganizationRole))
    return Q(visibility=Visibility.INTERNAL) & (person | of_organization)


def _build_organization_condition(user: User, scope: str, roles: Collection[OrganizationRole]) -> Q:
    """Select what is in a scope of an organization in which the user has one of the roles."""
    members = OrganizationMember.objects.filter(
        build_membership_condition(user),
        organization=OuterRef(f"{scope}owner__organization"),
        role__in=roles,
    )
    return Q(Exists(members))


def build_scope_access_condition(user: User) -> Q:
    """Select, of the scopes that are not public, those that the account may see without a plugin."""
    in_organization = _build_organization_condition(user, "", tuple(OrganizationRole))
    personal = build_personal_condition(user)
    return personal | in_organization | _build_internal_condition(user, "")
