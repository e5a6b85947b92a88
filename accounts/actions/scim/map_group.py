"""Decide what the members of an identity provider's group get in the organization."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.organizations.teams import check_may_change_team
from accounts.actions.record_audit_entry import Act, record_audit_entries
from accounts.actions.scim.memberships import apply_mapping
from accounts.errors import OrganizationRequestError
from accounts.models import Organization, ScimGroup, Team, User
from accounts.models.organization import GROUP_ROLES
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_team, lock_organization
from accounts.queries.scim import find_scim_group, list_group_members


def map_scim_group(
    *, actor: User, organization: Organization, public_id: str, team: str, role: str
) -> ScimGroup:
    """Map the group to a team, a role, both or nothing (""), at once; returns it.

    Members lose what only the former mapping gave them. Only owners may: a manager could become one
    with a team. Writes audit entries, also for each person who gets or loses something. Raises `OrganizationRightError`, `OrganizationRequestError`
    and `UnknownTeamError`.
    """
    if role and role not in dict(GROUP_ROLES):
        raise OrganizationRequestError("A group can give the role of a manager or of billing only.")
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_OWNERS)
        group = find_scim_group(locked, public_id)
        if group is None:
            raise OrganizationRequestError("There is no such group.")
        new_team: Team | None = get_team(locked, team) if team else None
        if new_team is not None:
            check_may_change_team(actor, new_team)
        before = {"team": group.team.name if group.team else "", "role": group.role}
        after = {"team": new_team.name if new_team else "", "role": role}
        if before == after:
            return group
        members = list_group_members(group)
        # What stays the same is neither taken nor given.
        teams = {each for each in (group.team, new_team) if each and group.team != new_team}
        with_roles = bool(group.role or role)
        group.team, group.role = new_team, role
        group.save(update_fields=["team", "role"])
        acts = apply_mapping(locked, members, teams=teams, with_roles=with_roles)
        details = {"resource": group.public_id, "group": group.display_name}
        mapped = Act("scim-group.mapped", locked, None, before, after, details)
        record_audit_entries(actor=actor, acts=[mapped, *acts])
    return group
