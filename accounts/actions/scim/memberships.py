"""What a person of an identity provider gets in the organization, and how it ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Q

from accounts.actions.record_audit_entry import Act, record_audit_entry
from accounts.actions.sessions.end_sessions import end_all_sessions
from accounts.actions.tokens.revoke_all_tokens import revoke_all_tokens
from accounts.hooks.organization_removal import run_removal_steps
from accounts.models import (
    ActorKind,
    Organization,
    OrganizationMember,
    OrganizationRole,
    ScimGroup,
    ScimGroupMember,
    ScimUser,
    Suspension,
    Team,
    TeamMember,
    User,
)
from accounts.policies import check_may_end_person

ACTOR = ActorKind.SCIM
# Of the roles that groups give, the first one counts.
_BY_RANK = (OrganizationRole.MANAGER, OrganizationRole.BILLING)


def begin_membership(organization: Organization, row: ScimUser) -> list[Act]:
    """Make the account a member, with the role and teams of its groups; returns what is to be recorded.

    Call it with the organization locked.
    """
    acts = []
    groups = list(ScimGroup.objects.filter(members__member=row).select_related("team"))
    members = OrganizationMember.objects.filter(organization=organization, user=row.user)
    member = members.first()
    if member is None:
        role = _select_role({group.role for group in groups})
        member = OrganizationMember.objects.create(
            organization=organization, user=row.user, role=role
        )
        acts.append(Act("organization.joined", organization, row.user, details={"role": role}))
    teams = {group.team for group in groups if group.team is not None}
    return acts + _add_to_teams(organization, [member], teams)


def join_organization(organization: Organization, row: ScimUser) -> Act:
    """Make the account of a new user, which is a member of nothing and in no group, a member.

    Call it with the organization locked.
    """
    role = OrganizationRole.MEMBER.value
    OrganizationMember.objects.create(organization=organization, user=row.user, role=role)
    return Act("organization.joined", organization, row.user, details={"role": role})


def is_closed_for_ever(user: User, row: ScimUser) -> bool:
    """Whether somebody else than SCIM closed the account: no query for an open one, or 1."""
    return not (user.is_active or row.has_closed or Suspension.objects.filter(user=user).exists())


def end_membership(organization: Organization, row: ScimUser) -> None:
    """End every right in the organization at once, and close the account.

    As `remove_person`. Call it with the organization locked. Raises `LastOrganizationOwnerError`.
    """
    user = row.user
    member = OrganizationMember.objects.filter(organization=organization, user=user).first()
    if member is not None:
        member.organization, member.user = organization, user
        check_may_end_person(member)
        record_audit_entry(
            actor=ACTOR,
            action="organization.removed",
            target=organization,
            subject=user,
            role=member.role,
        )
        organization.invitations.filter(Q(invited_by=user) | Q(user=user)).delete()
        # With it go the places in teams.
        member.delete()
        run_removal_steps(organization, [user], ACTOR)
    _close_account(row)


def _close_account(row: ScimUser) -> None:
    user = User.objects.select_for_update(no_key=True).get(pk=row.user_id)
    if user.is_active:
        # Before the tokens and sessions: none can be made in between.
        User.objects.filter(pk=user.pk).update(is_active=False)
        user.is_active, row.has_closed = False, True
        revoke_all_tokens(user=user, by=ACTOR)
        end_all_sessions(user=user, by=ACTOR)
    elif Suspension.objects.filter(user=user).exists():
        # The end of the suspension must not open it.
        row.has_closed = True


def give_rights(group: ScimGroup, members: Collection[ScimUser]) -> list[Act]:
    """Give new members of a group what it is mapped to: at most 7 queries.

    Returns what is to be recorded: an act for each person, team and role.
    """
    if group.team is None and not group.role:
        return []
    acts = []
    rows = list_organization_members(members)
    if group.team is not None:
        acts += _add_to_teams(group.organization, rows, {group.team})
    if group.role:
        acts += _set_roles(group.organization, rows)
    return acts


def take_rights(group: ScimGroup, members: Collection[ScimUser]) -> list[Act]:
    """Take from former members of a group what no other group gives them: at most 7 queries.

    Call it after they left the group, or after the group lost its mapping. Returns as `give_rights`.
    """
    if group.team is None and not group.role:
        return []
    acts = []
    rows = list_organization_members(members)
    if group.team is not None:
        others = ScimGroupMember.objects.filter(group__team=group.team).exclude(group=group.pk)
        kept = set(others.values_list("member__user_id", flat=True))
        gone = [row.pk for row in rows if row.user_id not in kept]
        places = TeamMember.objects.filter(team=group.team, member__in=gone)
        people = list(places.order_by("pk").values_list("member__user_id", flat=True))
        if people:
            places.delete()
        acts += [
            _describe_team("team.member-removed", group.organization, group.team, user_id)
            for user_id in people
        ]
    if group.role:
        acts += _set_roles(group.organization, rows)
    return acts


def list_organization_members(members: Iterable[ScimUser]) -> list[OrganizationMember]:
    """The memberships of the active users: 1 query."""
    active = [each for each in members if each.is_active]
    if not active:
        return []
    rows = OrganizationMember.objects.filter(
        organization=active[0].organization_id, user__in=[each.user_id for each in active]
    )
    return list(rows.order_by("pk"))


def _add_to_teams(
    organization: Organization, members: Collection[OrganizationMember], teams: Collection[Team]
) -> list[Act]:
    if not members or not teams:
        return []
    found = TeamMember.objects.filter(team__in=teams, member__in=members)
    # Who was added by hand is in the team already. Nobody else adds under the lock.
    there = set(found.values_list("team_id", "member_id"))
    new = [(team, each) for team in teams for each in members if (team.pk, each.pk) not in there]
    TeamMember.objects.bulk_create(TeamMember(team=team, member=each) for team, each in new)
    return [
        _describe_team("team.member-added", organization, team, each.user_id) for team, each in new
    ]


def _describe_team(action: str, organization: Organization, team: Team, user_id: int) -> Act:
    return Act(action, organization, user_id, details={"team": team.name})


def _set_roles(organization: Organization, members: Collection[OrganizationMember]) -> list[Act]:
    """The best role of the groups, for all but owners: those are named in the portal only."""
    if not members:
        return []
    roles: dict[int, set[str]] = {}
    given = ScimGroupMember.objects.filter(
        member__organization=organization, member__user__in=[each.user_id for each in members]
    ).exclude(group__role="")
    for user_id, role in given.values_list("member__user_id", "group__role"):
        roles.setdefault(user_id, set()).add(role)
    wanted: dict[str, list[int]] = {}
    acts = []
    for each in members:
        role = _select_role(roles.get(each.user_id, ()))
        if each.role not in (OrganizationRole.OWNER, role):
            wanted.setdefault(role, []).append(each.pk)
            acts.append(
                Act("organization.role-changed", organization, each.user_id, each.role, role)
            )
    for role, ids in wanted.items():
        OrganizationMember.objects.filter(pk__in=ids).update(role=role)
    return acts


def _select_role(roles: Collection[str]) -> str:
    return next((role.value for role in _BY_RANK if role in roles), OrganizationRole.MEMBER.value)
