"""Teams of organizations."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.db import transaction

from accounts.actions.record_audit_entry import Act, record_audit_entries, record_audit_entry
from accounts.errors import (
    InOrganizationError,
    OrganizationLimitError,
    OrganizationRequestError,
    UnknownPersonError,
)
from accounts.models import Organization, OrganizationMember, Team, TeamMember, User
from accounts.models.organization import TEAM_NAME_CHARS
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_person, get_team, lock_organization
from plugport.spec.errors import FieldError
from plugport.spec.text import quote_text

MAX_TEAMS = 100
_NAME_PATTERN = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{TEAM_NAME_CHARS - 2}}}[a-z0-9])?\Z")
# Whether a team has the rights of owners in something: the app with these rights sets it.
OwnerCheck = Callable[[Team], bool]
_owner_checks: list[OwnerCheck] = []


def register_owner_check(check: OwnerCheck) -> None:
    """Add a check whether a team has the rights of owners. Call it from `ready`."""
    if check not in _owner_checks:
        _owner_checks.append(check)


def check_may_change_team(actor: User, team: Team) -> None:
    """Raise `OrganizationRightError` unless the actor may change the team and its members.

    Managers may, except teams with the rights of owners: they could join one.
    """
    check_organization_right(actor, team.organization, OrganizationRight.MANAGE_PEOPLE)
    if any(check(team) for check in _owner_checks):
        check_organization_right(actor, team.organization, OrganizationRight.MANAGE_OWNERS)


def create_team(*, actor: User, organization: Organization, name: str) -> Team:
    """Create a team without members and rights. Writes an audit entry.

    Raises `OrganizationRightError`, `OrganizationRequestError`, `InOrganizationError` and
    `OrganizationLimitError`.
    """
    name = name.strip().lower()
    if not _NAME_PATTERN.match(name):
        detail = (
            f"{quote_text(name)} is not a valid name. Use 1 to {TEAM_NAME_CHARS} characters of a-z,"
            " 0-9 and `-`."
        )
        raise OrganizationRequestError(
            "The team cannot be created.", fields=[FieldError("name", detail)]
        )
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
        names = set(locked.teams.values_list("name", flat=True))
        if name in names:
            raise InOrganizationError(f"`{locked.name}` has a team `{name}` already.")
        if len(names) >= MAX_TEAMS:
            raise OrganizationLimitError(
                f"`{locked.name}` has {len(names)} teams; at most {MAX_TEAMS} are allowed."
            )
        team = Team.objects.create(organization=locked, name=name)
        record_audit_entry(actor=actor, action="team.created", target=locked, team=team.name)
    return team


def delete_team(*, actor: User, organization: Organization, name: str) -> None:
    """Delete a team with its rights, and the rules for groups at sign-in that give it.

    Writes an audit entry, and one for each rule. Raises `OrganizationRightError` and `UnknownTeamError`.
    """
    with transaction.atomic():
        team = _lock_team(actor, organization, name)
        rules = team.sso_rules.select_related("connection", "team")
        acts = [
            Act("team.deleted", team.organization, details={"team": team.name}),
            *(Act("sso.rule-removed", each.connection, before=each.describe()) for each in rules),
        ]
        record_audit_entries(actor=actor, acts=acts)
        team.delete()


def add_team_member(
    *, actor: User, organization: Organization, name: str, username: str
) -> TeamMember:
    """Add a member or a robot of the organization to a team. Writes an audit entry.

    Rules for groups at sign-in do not end it, also if they gave it before.
    Raises `OrganizationRightError`, `UnknownTeamError` and `UnknownPersonError`.
    """
    with transaction.atomic():
        team = _lock_team(actor, organization, name)
        member = get_person(team.organization, username)
        row, is_new = TeamMember.objects.get_or_create(team=team, member=member)
        if is_new or row.given_at is not None:
            TeamMember.objects.filter(pk=row.pk).update(given_at=None)
            row.given_at = None
            _record(actor, team, "team.member-added", member)
    return row


def remove_team_member(
    *, actor: User, organization: Organization, name: str, username: str
) -> None:
    """Take a member out of a team: the rights of the team end at once. Members may leave by themselves.

    Writes an audit entry. Raises `OrganizationRightError`, `UnknownTeamError` and `UnknownPersonError`.
    """
    with transaction.atomic():
        if username == actor.username:
            locked = lock_organization(organization)
            check_organization_right(actor, locked, OrganizationRight.SEE_MEMBERS)
            team = get_team(locked, name)
        else:
            team = _lock_team(actor, organization, name)
        member = get_person(team.organization, username)
        if not TeamMember.objects.filter(team=team, member=member).delete()[0]:
            raise UnknownPersonError(f"`{username}` is not a member of the team `{team.name}`.")
        _record(actor, team, "team.member-removed", member)


def _lock_team(actor: User, organization: Organization, name: str) -> Team:
    locked = lock_organization(organization)
    # First, so that strangers do not learn the names of teams.
    check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
    team = get_team(locked, name)
    check_may_change_team(actor, team)
    return team


def _record(actor: User, team: Team, action: str, member: OrganizationMember) -> None:
    record_audit_entry(
        actor=actor,
        action=action,
        target=team.organization,
        subject=member.user,
        team=team.name,
    )
