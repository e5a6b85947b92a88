"""What a person of an identity provider gets in the organization, and how it ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db.models import Q

from accounts.actions.group_rights import (
    GroupChange,
    apply_groups,
    forget_groups,
    list_organization_members,
)
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
    ScimUser,
    Suspension,
    Team,
    User,
)
from accounts.policies import check_may_end_person

ACTOR = ActorKind.SCIM


def begin_membership(organization: Organization, row: ScimUser) -> list[Act]:
    """Make the account a member, with the role and teams of its groups; returns what is to be recorded.

    Call it with the organization locked.
    """
    acts = []
    members = OrganizationMember.objects.filter(organization=organization, user=row.user)
    member, is_new = members.first(), False
    if member is None:
        is_new = True
        member = OrganizationMember.objects.create(
            organization=organization, user=row.user, role=OrganizationRole.MEMBER.value
        )
    changes = apply_groups([member])
    if is_new:
        details = {"role": member.role}
        acts.append(Act("organization.joined", organization, row.user, details=details))
        # It has the role from the beginning.
        changes = {pk: each._replace(role_before=each.role) for pk, each in changes.items()}
    return acts + _describe(organization, [member], changes)


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
    forget_groups(organization=organization, user=user)
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


def apply_group(
    organization: Organization, group: ScimGroup, members: Iterable[ScimUser]
) -> list[Act]:
    """Give new members of a group what it is mapped to, and take it from former ones: at most 9 queries.

    Call it when the members are stored, with the organization locked. Returns as `apply_mapping`.
    """
    teams = () if group.team is None else (group.team,)
    return apply_mapping(organization, members, teams=teams, with_roles=bool(group.role))


def apply_mapping(
    organization: Organization,
    members: Iterable[ScimUser],
    *,
    teams: Collection[Team],
    with_roles: bool,
) -> list[Act]:
    """Give the teams and roles that the groups of the members are mapped to, and take others of these teams.

    A team or role that another group gives stays. Returns what is to be recorded: an act for each person,
    team and role.
    """
    if not (teams or with_roles):
        return []
    active = [each.user_id for each in members if each.is_active]
    rows = list_organization_members(organization, active)
    ids = [each.pk for each in teams]
    changes = apply_groups(rows, teams=ids, with_roles=with_roles, is_final=True)
    return _describe(organization, rows, changes)


def _describe(
    organization: Organization,
    members: Iterable[OrganizationMember],
    changes: Mapping[int, GroupChange],
) -> list[Act]:
    """An act for each person, team and role: first what is lost, then what is given."""
    removed: list[Act] = []
    added: list[Act] = []
    roles: list[Act] = []
    for each in members:
        change = changes.get(each.pk)
        if change is None:
            continue
        for acts, action, names in (
            (removed, "team.member-removed", change.removed),
            (added, "team.member-added", change.added),
        ):
            acts += [
                Act(action, organization, each.user_id, details={"team": name}) for name in names
            ]
        if change.role_before != change.role:
            before, after = change.role_before, change.role
            roles.append(
                Act("organization.role-changed", organization, each.user_id, before, after)
            )
    return removed + added + roles
