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
    TeamMember,
    User,
)
from accounts.policies import check_may_end_person

ACTOR = ActorKind.SCIM
# Of the roles that groups give, the first one counts.
_BY_RANK = (OrganizationRole.MANAGER, OrganizationRole.BILLING)


def begin_membership(organization: Organization, row: ScimUser) -> None:
    """Make the account a member, with the role and teams of its groups.

    Call it with the organization locked.
    """
    groups = list(ScimGroup.objects.filter(members__member=row))
    members = OrganizationMember.objects.filter(organization=organization, user=row.user)
    member = members.first()
    if member is None:
        member = OrganizationMember.objects.create(
            organization=organization,
            user=row.user,
            role=_select_role({group.role for group in groups}),
        )
        record_audit_entry(
            actor=ACTOR,
            action="organization.joined",
            target=organization,
            subject=row.user,
            role=member.role,
        )
    teams = {group.team_id for group in groups if group.team_id is not None}
    _add_to_teams([member], teams)


def join_organization(organization: Organization, row: ScimUser) -> Act:
    """Make the account of a new user, which is a member of nothing and in no group, a member.

    Call it with the organization locked.
    """
    role = OrganizationRole.MEMBER
    OrganizationMember.objects.create(organization=organization, user=row.user, role=role)
    return Act("organization.joined", organization, row.user, details={"role": role})


def is_closed_for_ever(user: User, row: ScimUser) -> bool:
    """Whether somebody else than SCIM closed the account: no query for an open one, or 1."""
    return not (user.is_active or row.has_closed or Suspension.objects.filter(user=user).exists())


def end_membership(organization: Organization, row: ScimUser) -> None:
    """End every right in the organization at once, and close an account that was made for it.

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
        run_removal_steps(organization, user, ACTOR)
    if row.is_provisioned:
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


def give_rights(group: ScimGroup, members: Collection[ScimUser]) -> None:
    """Give new members of a group what it is mapped to: at most 4 queries."""
    if group.team_id is None and not group.role:
        return
    rows = list_organization_members(members)
    if group.team_id is not None:
        _add_to_teams(rows, {group.team_id})
    if group.role:
        _set_roles(rows)


def take_rights(group: ScimGroup, members: Collection[ScimUser]) -> None:
    """Take from former members of a group what no other group gives them: at most 5 queries.

    Call it after they left the group, or after the group lost its mapping.
    """
    if group.team_id is None and not group.role:
        return
    rows = list_organization_members(members)
    if group.team_id is not None:
        others = ScimGroupMember.objects.filter(group__team=group.team_id).exclude(group=group.pk)
        kept = set(others.values_list("member__user_id", flat=True))
        gone = [row.pk for row in rows if row.user_id not in kept]
        TeamMember.objects.filter(team=group.team_id, member__in=gone).delete()
    if group.role:
        _set_roles(rows)


def list_organization_members(members: Iterable[ScimUser]) -> list[OrganizationMember]:
    """The memberships of the active users: 1 query."""
    active = [each for each in members if each.is_active]
    if not active:
        return []
    return list(
        OrganizationMember.objects.filter(
            organization=active[0].organization_id, user__in=[each.user_id for each in active]
        )
    )


def _add_to_teams(members: Collection[OrganizationMember], teams: Collection[int]) -> None:
    rows = [TeamMember(team_id=team, member=member) for team in teams for member in members]
    # Who was added by hand is in the team already.
    TeamMember.objects.bulk_create(rows, ignore_conflicts=True)


def _set_roles(members: Collection[OrganizationMember]) -> None:
    """The best role of the groups, for all but owners: those are named in the portal only."""
    if not members:
        return
    roles: dict[int, set[str]] = {}
    given = ScimGroupMember.objects.filter(
        member__organization=next(iter(members)).organization_id,
        member__user__in=[each.user_id for each in members],
    ).exclude(group__role="")
    for user_id, role in given.values_list("member__user_id", "group__role"):
        roles.setdefault(user_id, set()).add(role)
    wanted: dict[str, list[int]] = {}
    for each in members:
        role = _select_role(roles.get(each.user_id, ()))
        if each.role not in (OrganizationRole.OWNER, role):
            wanted.setdefault(role, []).append(each.pk)
    for role, ids in wanted.items():
        OrganizationMember.objects.filter(pk__in=ids).update(role=role)


def _select_role(roles: Collection[str]) -> str:
    return next((role for role in _BY_RANK if role in roles), OrganizationRole.MEMBER)
