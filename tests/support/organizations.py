"""Organizations for tests."""

from __future__ import annotations

from accounts.actions.organizations.organization import create_organization
from accounts.actions.organizations.teams import create_team
from accounts.models import (
    Organization,
    OrganizationMember,
    OrganizationRole,
    Team,
    TeamMember,
    User,
)
from accounts.queries.organizations import get_organization
from registry.actions.organizations.team_rights import set_team_right
from registry.models import Role
from tests.support.people import create_user


def build_organization(owner: User, name: str = "harbor", **people: str) -> Organization:
    """Create an organization with the owner and an account for each of the people, by role."""
    create_organization(actor=owner, name=name)
    organization = get_organization(name)
    for username, role in people.items():
        OrganizationMember.objects.create(
            organization=organization, user=create_user(username), role=OrganizationRole(role)
        )
    return organization


def build_team(
    owner: User, organization: Organization, target: str, role: Role, *usernames: str
) -> None:
    """Create the team `dev` with a right and members."""
    team = create_team(actor=owner, organization=organization, name="dev")
    for username in usernames:
        member = organization.memberships.get(user__username=username)
        TeamMember.objects.create(team=team, member=member)
    set_team_right(
        actor=owner, organization=organization, team_name="dev", target=target, role=role
    )


def add_people(organization: Organization, count: int, team: Team | None = None) -> list[str]:
    """Add members, also to the team; returns their names in alphabetical order."""
    names = [f"person{number:04}" for number in range(count)]
    users = User.objects.bulk_create(
        User(username=name, collision_key=name, password="!") for name in names
    )
    members = OrganizationMember.objects.bulk_create(
        OrganizationMember(organization=organization, user=user, role=OrganizationRole.MEMBER)
        for user in users
    )
    if team is not None:
        TeamMember.objects.bulk_create(TeamMember(team=team, member=each) for each in members)
    return names
