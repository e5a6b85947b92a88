"""Teams and roles that groups of an identity provider give: groups of SCIM, and rules at sign-in.

Both write down who is in which group; what a member gets follows from all groups together. So a group
takes nothing that another one gives, whichever way the provider told of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from accounts.models import (
    Organization,
    OrganizationInvitation,
    OrganizationMember,
    OrganizationRole,
    ScimGroupMember,
    SsoGroupMember,
    TeamMember,
    User,
)

# Of the roles that groups give, the first one counts.
_BY_RANK = (OrganizationRole.MANAGER, OrganizationRole.BILLING)


class GroupChange(NamedTuple):
    """What groups changed for one member; the teams are names in alphabetical order."""

    role_before: str
    role: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


def apply_groups(
    members: Collection[OrganizationMember],
    *,
    teams: Collection[int] | None = None,
    with_roles: bool = True,
    is_final: bool = False,
) -> dict[int, GroupChange]:
    """Give the members what their groups give now, and take what no group gives any longer.

    Returns what changed, by the id of the member. `teams` None means all. What people gave by hand
    stays; with `is_final` it does not, because the provider decides about those whom it sent. Owners
    keep their role. All members are of one organization, which is locked. At most 8 queries, whatever
    their number.
    """
    members = list(members)
    if not members:
        return {}
    given = _list_given(members)
    added, removed = _change_teams(members, given, teams, is_final=is_final)
    roles = _change_roles(members, given, is_final=is_final) if with_roles else {}
    changed = {}
    for each in members:
        before, after = roles.get(each.pk, (each.role, each.role))
        new, lost = sorted(added.get(each.pk, ())), sorted(removed.get(each.pk, ()))
        if new or lost or before != after:
            changed[each.pk] = GroupChange(before, after, tuple(new), tuple(lost))
    return changed


def list_organization_members(
    organization: Organization, users: Iterable[int]
) -> list[OrganizationMember]:
    """The memberships of the accounts: 1 query, or none without accounts."""
    ids = list(users)
    rows = OrganizationMember.objects.filter(organization=organization, user__in=ids)
    return list(rows.order_by("pk")) if ids else []


def take_from_ended_links(organizations: Iterable[Organization], user: User) -> None:
    """Take what groups gave through links of the account that have ended: at most 9 queries each.

    Call it with the organizations locked (`lock_linked_organizations`).
    """
    for organization in organizations:
        apply_groups(list_organization_members(organization, [user.pk]))


def forget_groups(*, organization: Organization, user: User) -> None:
    """Forget in which groups a former member was at the last sign-in: 1 query.

    Otherwise the groups would give the teams and the role again to a member who comes back.
    """
    SsoGroupMember.objects.filter(
        identity__in=user.sso_identities.filter(connection__owner__organization=organization)
    ).delete()


class _Given(NamedTuple):
    """What all groups of one member give: the names of teams by id, and roles."""

    teams: dict[int, str]
    roles: set[str]


def _list_given(members: Collection[OrganizationMember]) -> dict[int, _Given]:
    """What the groups give, by the id of the account: 1 query."""
    organization = next(iter(members)).organization_id
    users = [each.user_id for each in members]
    provisioned = ScimGroupMember.objects.filter(
        Q(group__team__isnull=False) | ~Q(group__role=""),
        member__organization=organization,
        member__is_active=True,
        member__user__in=users,
    ).values_list("member__user_id", "group__team_id", "group__team__name", "group__role")
    signed_in = SsoGroupMember.objects.filter(
        identity__connection__owner__organization=organization, identity__user__in=users
    ).values_list("identity__user_id", "rule__team_id", "rule__team__name", "rule__role")
    given = {each.user_id: _Given({}, set()) for each in members}
    for user_id, team, name, role in provisioned.union(signed_in):
        if team is not None:
            given[user_id].teams[team] = name
        if role:
            given[user_id].roles.add(role)
    return given


def _change_teams(
    members: Collection[OrganizationMember],
    given: dict[int, _Given],
    teams: Collection[int] | None,
    *,
    is_final: bool,
) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Add and remove places in teams; returns the names of the teams by member: at most 3 queries."""
    if teams is not None and not teams:
        return {}, {}
    places = TeamMember.objects.filter(member__in=[each.pk for each in members])
    if teams is not None:
        places = places.filter(team__in=teams)
    current: dict[int, set[int]] = {each.pk: set() for each in members}
    users = {each.pk: each.user_id for each in members}
    ended: list[int] = []
    removed: dict[int, list[str]] = {}
    values = places.values_list("pk", "member", "team", "team__name", "given_at")
    for pk, member, team, name, given_at in values:
        current[member].add(team)
        is_taken = given_at is not None or is_final
        if is_taken and team not in given[users[member]].teams:
            ended.append(pk)
            removed.setdefault(member, []).append(name)
    new = [
        (each.pk, team, name)
        for each in members
        for team, name in given[each.user_id].teams.items()
        if team not in current[each.pk] and (teams is None or team in teams)
    ]
    now = timezone.now()
    TeamMember.objects.bulk_create(
        TeamMember(team_id=team, member_id=member, given_at=now) for member, team, _ in new
    )
    added: dict[int, list[str]] = {}
    for member, _team, name in new:
        added.setdefault(member, []).append(name)
    if ended:
        TeamMember.objects.filter(pk__in=ended).delete()
    return added, removed


def _change_roles(
    members: Collection[OrganizationMember], given: dict[int, _Given], *, is_final: bool
) -> dict[int, tuple[str, str]]:
    """Set the best role of the groups; returns the former and new one by member: at most 4 queries."""
    roles: dict[int, tuple[str, str]] = {}
    by_role: dict[str, list[OrganizationMember]] = {}
    for each in members:
        role = _select_role(given[each.user_id].roles)
        is_given = is_final or each.role_given_at is not None
        is_free = each.role != OrganizationRole.OWNER and is_given
        if role != each.role and (is_free or each.role == OrganizationRole.MEMBER):
            roles[each.pk] = (each.role, role)
            by_role.setdefault(role, []).append(each)
    now = timezone.now()
    for role, changed in by_role.items():
        given_at = None if role == OrganizationRole.MEMBER else now
        rows = OrganizationMember.objects.filter(pk__in=[each.pk for each in changed])
        rows.update(role=role, role_given_at=given_at)
        for each in changed:
            each.role, each.role_given_at = role, given_at
    lost = [each for each in members if roles.get(each.pk, ("",))[0] == OrganizationRole.MANAGER]
    if lost:
        # Otherwise a member who gets the role back would offer again what was forgotten.
        OrganizationInvitation.objects.filter(
            organization=lost[0].organization_id, invited_by__in=[each.user_id for each in lost]
        ).delete()
    return roles


def _select_role(roles: Collection[str]) -> str:
    return next((role.value for role in _BY_RANK if role in roles), OrganizationRole.MEMBER.value)
