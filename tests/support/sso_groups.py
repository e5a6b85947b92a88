"""An organization with teams, and rules for the groups of its identity provider."""

from __future__ import annotations

from accounts.actions.organizations.sso_groups import add_group_rule
from accounts.actions.organizations.teams import create_team
from accounts.models import Organization, SsoConnection, SsoGroupRule, SsoIdentity, User
from tests.support.identity_providers import OidcProvider, create_oidc_connection
from tests.support.organizations import build_organization


def build_harbor(owner: User) -> Organization:
    """An organization with a manager, a member, and the teams `dev` and `ops`."""
    harbor = build_organization(owner, "harbor", mara="manager", max="member")
    for name in ("dev", "ops"):
        create_team(actor=owner, organization=harbor, name=name)
    return harbor


def connect(organization: Organization, provider: OidcProvider) -> SsoConnection:
    """A connection of the organization, switched on. The groups are in the ID token alone."""
    provider.serve("/userinfo", {"sub": "person-1"})
    return create_oidc_connection(provider.url, name="Harbor", owner=organization.owner)


def add_rules(owner: User, connection: SsoConnection, **gives: str) -> dict[str, SsoGroupRule]:
    """A rule for each group: `team:NAME` or `role:NAME`."""
    assert connection.organization is not None
    rules = {}
    for group, gift in gives.items():
        kind, _, name = gift.partition(":")
        rules[group] = add_group_rule(
            actor=owner,
            organization=connection.organization,
            connection_id=connection.public_id,
            group=group,
            **{kind: name},
        )
    return rules


def get_rights(organization: Organization, username: str = "ada-harbor") -> tuple[str, set[str]]:
    """The role and the teams of a member."""
    member = organization.memberships.get(user__username=username)
    return member.role, set(member.teams.values_list("team__name", flat=True))


def link(connection: SsoConnection, username: str = "max") -> User:
    """Link the account of a member to the person whom the provider signs in."""
    user = User.objects.get(username=username)
    SsoIdentity.objects.create(connection=connection, subject="person-1", user=user)
    return user
