"""Rules for groups of an organization's identity provider: who makes them, and what they cannot reach."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions.organizations.sso_groups import (
    MAX_RULES,
    add_group_rule,
    remove_group_rule,
)
from accounts.actions.organizations.teams import create_team, delete_team
from accounts.actions.sso.connections import delete_connection
from accounts.errors import (
    InOrganizationError,
    OrganizationLimitError,
    OrganizationRequestError,
    OrganizationRightError,
    UnknownTeamError,
)
from accounts.models import (
    AuditEntry,
    Organization,
    SsoConnection,
    SsoGroupRule,
    SsoIdentity,
    Team,
    User,
)
from accounts.sso.errors import UnknownConnectionError, UnknownGroupRuleError
from tests.support.identity_providers import (
    OidcProvider,
    create_oidc_connection,
    sign_in,
)
from tests.support.organizations import build_organization
from tests.support.people import create_user
from tests.support.sso_groups import add_rules, build_harbor, connect, get_rights, link

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: None) -> User:
    """The owner of the organization."""
    return create_user("ona")


@pytest.fixture
def harbor(owner: User) -> Organization:
    """An organization with the teams `dev` and `ops`."""
    return build_harbor(owner)


@pytest.fixture
def connection(harbor: Organization, provider: OidcProvider) -> SsoConnection:
    """A connection of the organization, switched on."""
    return connect(harbor, provider)


@pytest.mark.parametrize(
    ("group", "gives"),
    [
        ("", {"role": "manager"}),
        ("x" * 255, {"role": "manager"}),
        ("a\0b", {"role": "manager"}),
        ("a\u202eb", {"role": "manager"}),
        ("a", {}),
        ("a", {"role": "manager", "team": "dev"}),
        ("a", {"role": "member"}),
        ("a", {"role": "robot\0"}),
    ],
)
def test_rules_that_are_refused(
    harbor: Organization, connection: SsoConnection, owner: User, group: str, gives: dict[str, str]
) -> None:
    with pytest.raises(OrganizationRequestError):
        add_group_rule(
            actor=owner,
            organization=harbor,
            connection_id=connection.public_id,
            group=group,
            **gives,
        )
    assert not SsoGroupRule.objects.exists()


def test_rules_are_bounded_and_said_once(
    harbor: Organization, connection: SsoConnection, owner: User
) -> None:
    add_rules(owner, connection, engineers="team:dev")
    add_rules(owner, connection, engineers="role:manager")
    for gift in ("team:dev", "role:manager"):
        with pytest.raises(InOrganizationError):
            add_rules(owner, connection, engineers=gift)
    SsoGroupRule.objects.bulk_create(
        SsoGroupRule(connection=connection, group=f"g{number}", role="billing")
        for number in range(MAX_RULES - 2)
    )
    with pytest.raises(OrganizationLimitError):
        add_rules(owner, connection, more="team:dev")


def test_nothing_reaches_another_organization(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """Neither its teams nor its rules nor its members, whatever the groups are called."""
    stranger = create_user("otto")
    other = build_organization(stranger, "other")
    for name in ("dev", "cove"):
        create_team(actor=stranger, organization=other, name=name)
    second = create_oidc_connection(
        provider.url, name="Other", owner=other.owner, settings={"client_id": "other"}
    )
    (rule,) = add_rules(stranger, second, engineers="team:dev").values()
    with pytest.raises(UnknownTeamError):
        add_rules(owner, connection, engineers="team:cove")
    with pytest.raises(UnknownConnectionError):
        add_group_rule(
            actor=owner,
            organization=harbor,
            connection_id=second.public_id,
            group="engineers",
            role="manager",
        )
    with pytest.raises(UnknownGroupRuleError):
        remove_group_rule(actor=owner, organization=harbor, rule_id=rule.pk)
    # One account in both, with the same subject and the same group.
    user = link(connection)
    other.memberships.create(user=user, role="member")
    SsoIdentity.objects.create(connection=second, subject="person-1", user=user)
    add_rules(owner, connection, engineers="team:dev", leads="role:manager")
    sign_in(Client(), connection, provider, groups=["engineers", "leads"])
    assert get_rights(harbor, "max") == ("manager", {"dev"})
    assert get_rights(other, "max") == ("member", set())
    sign_in(Client(), second, provider, aud="other", groups=["engineers", "leads"])
    assert get_rights(other, "max") == ("member", {"dev"})
    sign_in(Client(), connection, provider)
    assert get_rights(harbor, "max") == ("member", set())
    assert get_rights(other, "max") == ("member", {"dev"})
    delete_connection(actor=owner, connection=connection)
    assert get_rights(other, "max") == ("member", {"dev"})


def test_only_owners_make_rules(
    harbor: Organization, connection: SsoConnection, owner: User
) -> None:
    """A manager could become more with a team; for strangers the page does not exist."""
    (rule,) = add_rules(owner, connection, engineers="team:dev").values()
    for name in ("mara", "max", create_user("sam").username):
        user = User.objects.get(username=name)
        with pytest.raises(OrganizationRightError):
            add_rules(user, connection, leads="role:manager")
        with pytest.raises(OrganizationRightError):
            remove_group_rule(actor=user, organization=harbor, rule_id=rule.pk)
        client = Client()
        client.force_login(user, backend="accounts.sign_in.SignInBackend")
        for values in ({"action": "remove", "rule": rule.pk}, {"action": "add", "group": "x"}):
            assert client.post("/organizations/harbor/sso", values).status_code == 404
    assert SsoGroupRule.objects.get() == rule


def test_the_rules_of_a_deleted_team_are_in_the_log(
    harbor: Organization, connection: SsoConnection, owner: User
) -> None:
    add_rules(owner, connection, engineers="team:dev", leads="role:manager")
    # Managers delete teams, though only owners make rules.
    delete_team(actor=User.objects.get(username="mara"), organization=harbor, name="dev")
    assert [rule.group for rule in SsoGroupRule.objects.all()] == ["leads"]
    entry = AuditEntry.objects.get(action="sso.rule-removed")
    assert entry.before == {"group": "engineers", "team": "dev", "role": ""}
    assert (entry.actor_name, entry.target_name) == ("mara", connection.public_id)


def test_the_page(harbor: Organization, connection: SsoConnection, owner: User) -> None:
    """Add and remove rules; the number of queries does not depend on theirs."""
    client = Client()
    client.force_login(owner, backend="accounts.sign_in.SignInBackend")
    path = "/organizations/harbor/sso"
    for group, gives in (("Engineers", "team:dev"), ("Leads", "role:manager")):
        values = {
            "action": "add",
            "connection": connection.public_id,
            "group": group,
            "gives": gives,
        }
        assert client.post(path, values)["Location"] == path
    page = client.get(path)
    assert [str(each) for each in page.context["rules"]] == [
        "Engineers → harbor/dev",
        "Leads → manager",
    ]
    refused = client.post(path, {**values, "gives": "team:cove"}, follow=True)
    assert "has no team" in refused.content.decode()
    refused = client.post(path, {**values, "gives": "role:owner"}, follow=True)
    assert "A group can give the roles" in refused.content.decode()
    counts = []
    for number in (0, 30):
        create_oidc_connection("https://idp.example", name=f"n{number}", owner=harbor.owner)
        Team.objects.bulk_create(Team(organization=harbor, name=f"t{i}") for i in range(number))
        SsoGroupRule.objects.bulk_create(
            SsoGroupRule(connection=connection, group=f"g{i}", team=team)
            for i, team in enumerate(Team.objects.filter(name__startswith="t"))
        )
        with CaptureQueriesContext(database) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    rule = page.context["rules"][0]
    for expected in (False, False):
        client.post(path, {"action": "remove", "rule": rule.pk})
        assert SsoGroupRule.objects.filter(pk=rule.pk).exists() is expected
    assert client.post(path, {"action": "remove", "rule": "9" * 30}).status_code == 302
