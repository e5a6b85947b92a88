"""Rules for groups of the identity providers of an organization over the API."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounts.actions.organizations.teams import create_team
from accounts.models import Organization, SsoConnection, SsoGroupRule, Team, User
from accounts.models.organization import GROUP_ROLES
from plugport.spec.api.values import GROUP_ROLES as DECLARED_ROLES
from tests.functional.api.calls import Api, expect_problem
from tests.support.identity_providers import create_oidc_connection
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user

pytestmark = pytest.mark.django_db

GROUPS = "/organizations/harbor/sso-groups"


@pytest.fixture
def harbor() -> Organization:
    """An organization of `ada` with a team."""
    ada = create_user("ada")
    harbor = build_organization(ada, "harbor", mia="manager", mel="member")
    create_team(actor=ada, organization=harbor, name="dev")
    return harbor


@pytest.fixture
def connection(harbor: Organization) -> SsoConnection:
    """A connection of the organization."""
    return create_oidc_connection("https://idp.example", name="Harbor", owner=harbor.owner)


def sign_in(username: str, *scopes: str) -> Api:
    return Api(create_api_token(User.objects.get(username=username), *scopes))


def test_owners_list_add_and_remove(harbor: Organization, connection: SsoConnection) -> None:
    ada = sign_in("ada")
    base = {"connection": connection.public_id, "group": "engineers"}
    added = ada.post(GROUPS, {**base, "team": "dev"})
    assert added.status_code == 201
    rule = added.json()
    assert (rule["group"], rule["team"], rule["role"]) == ("engineers", "dev", None)
    assert ada.post(GROUPS, {**base, "role": "manager"}).json()["role"] == "manager"
    listed = sign_in("ada", "read").get(GROUPS).json()
    assert listed["organization"] == "harbor"
    assert listed["connections"] == [
        {"id": connection.public_id, "name": "Harbor", "kind": "oidc", "enabled": True}
    ]
    assert listed["rules"][0]["id"] == rule["id"]
    assert len(listed["rules"]) == 2
    assert ada.call("DELETE", f"{GROUPS}/{rule['id']}").json()["team"] == "dev"
    expect_problem(ada.call("DELETE", f"{GROUPS}/{rule['id']}"), 404, "unknown-sso-group-rule")


def test_what_is_refused(harbor: Organization, connection: SsoConnection) -> None:
    """With the field, or the code, of the problem."""
    otto = create_user("otto")
    other = build_organization(otto, "other")
    create_team(actor=otto, organization=other, name="cove")
    foreign = create_oidc_connection("https://idp.example", owner=other.owner)
    rule = SsoGroupRule.objects.create(connection=foreign, group="x", role="billing")
    ada = sign_in("ada")
    base = {"connection": connection.public_id, "group": "engineers"}
    for changes, status, code in (
        ({"team": "cove"}, 404, "unknown-team"),
        ({"team": "dev", "connection": foreign.public_id}, 404, "unknown-sso-connection"),
        ({"role": "owner"}, 400, "invalid"),
        ({}, 400, "invalid-organization-request"),
        ({"team": "dev", "role": "billing"}, 400, "invalid-organization-request"),
        ({"team": "dev", "group": "a\u0007"}, 400, "invalid"),
        ({"team": "dev", "group": "x" * 255}, 400, "invalid"),
    ):
        expect_problem(ada.post(GROUPS, {**base, **changes}), status, code)
    expect_problem(ada.call("DELETE", f"{GROUPS}/{rule.pk}"), 404, "unknown-sso-group-rule")
    for name in ("mia", "mel", "otto"):
        api = sign_in(name)
        for answer in (
            api.post(GROUPS, {**base, "team": "dev"}),
            api.get(GROUPS),
            api.call("DELETE", f"{GROUPS}/{rule.pk}"),
        ):
            expect_problem(answer, 403, "organization-role")
    assert list(SsoGroupRule.objects.all()) == [rule]


def test_the_number_of_queries(harbor: Organization, connection: SsoConnection) -> None:
    """It does not depend on the number of rules and connections."""
    api = sign_in("ada")
    api.get(GROUPS)
    counts = []
    for number in (1, 30):
        create_oidc_connection("https://idp.example", name=f"n{number}", owner=harbor.owner)
        teams = Team.objects.bulk_create(
            Team(organization=harbor, name=f"t{number}-{index}") for index in range(number)
        )
        SsoGroupRule.objects.bulk_create(
            SsoGroupRule(connection=connection, group=team.name, team=team) for team in teams
        )
        with CaptureQueriesContext(database) as queries:
            assert api.get(GROUPS).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_declared_roles_are_those_of_the_database() -> None:
    assert tuple(name for name, _ in GROUP_ROLES) == DECLARED_ROLES
