"""Lists of the members of large organizations: pages, none of which leaves anybody out."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actions.organizations.invitations import MAX_PEOPLE
from accounts.actions.organizations.teams import create_team
from accounts.models import Organization, Team, User
from tests.functional.api.calls import Api, expect_problem
from tests.support.organizations import add_people, build_organization
from tests.support.people import create_api_token, create_user
from tests.support.scim import build_provider

pytestmark = pytest.mark.django_db

ORG = "/organizations/harbor"
COUNT = 230
_API_QUERIES, _TEAM_QUERIES, _PAGE_QUERIES, _TEAM_PAGE_QUERIES = 6, 7, 8, 9


@pytest.fixture
def harbor(owner: User) -> Organization:
    return build_organization(owner, "harbor", mina="manager")


@pytest.fixture
def team(owner: User, harbor: Organization) -> Team:
    return create_team(actor=owner, organization=harbor, name="dev")


@pytest.fixture
def api(harbor: Organization, owner: User) -> Api:
    return Api(create_api_token(owner))


def read_names(api: Api, path: str) -> list[str]:
    """The names of all pages."""
    names: list[str] = []
    for number in range(1, 100):
        document = api.get(f"{path}{'&' if '?' in path else '?'}page={number}").json()
        names += [
            each["username"] if isinstance(each, dict) else each for each in document["members"]
        ]
        assert document["pagination"]["current"] == number
        if not document["pagination"]["hasMore"]:
            return names
    raise AssertionError("no end")


def test_the_pages_of_the_members_are_complete_and_owners_come_first(
    harbor: Organization, api: Api
) -> None:
    names = add_people(harbor, COUNT)
    assert read_names(api, f"{ORG}/members") == ["acme", "mina", *names]
    assert read_names(api, f"{ORG}/members?limit=37") == ["acme", "mina", *names]
    first = api.get(f"{ORG}/members").json()
    assert first["pagination"] == {"total": COUNT + 2, "pages": 3, "current": 1, "hasMore": True}
    assert len(first["members"]) == 100
    beyond = api.get(f"{ORG}/members?page=9").json()
    assert (beyond["members"], beyond["pagination"]["hasMore"]) == ([], False)
    # Strangers: pages of those who chose to be shown.
    harbor.memberships.filter(user__username__startswith="person01").update(is_public=True)
    assert read_names(Api(), f"{ORG}/members?limit=7") == names[100:200]


def test_the_pages_of_a_team_are_complete(harbor: Organization, team: Team, api: Api) -> None:
    names = add_people(harbor, COUNT, team)
    assert read_names(api, f"{ORG}/teams/dev") == names
    # A change returns the first page, and says so.
    changed = api.call("PUT", f"{ORG}/teams/dev/members/mina").json()
    assert changed["members"] == ["mina", *names[:99]]
    assert changed["pagination"]["total"] == COUNT + 1


@pytest.mark.parametrize("path", [f"{ORG}/members", f"{ORG}/teams/dev"])
@pytest.mark.parametrize("query", ["page=0", "page=x", "page=10001", "limit=101", "limit=0"])
def test_other_pages_are_refused(team: Team, api: Api, path: str, query: str) -> None:
    expect_problem(api.get(f"{path}?{query}"), 400, "invalid-query")


def test_queries_and_rows_do_not_grow_with_the_members(
    harbor: Organization, team: Team, api: Api, owner: User, django_assert_num_queries: Any
) -> None:
    client = Client()
    client.force_login(owner)
    paths = ("/organizations/harbor/members", "/organizations/harbor/teams/dev")
    for path in paths:
        client.get(path)
        api.get(path)
    for count in (0, COUNT):
        if count:
            add_people(harbor, count, team)
        with django_assert_num_queries(_API_QUERIES):
            api.get(f"{ORG}/members")
        with django_assert_num_queries(_TEAM_QUERIES - (0 if count else 1)):
            api.get(f"{ORG}/teams/dev")
        with django_assert_num_queries(_PAGE_QUERIES):
            members = client.get(paths[0])
        with django_assert_num_queries(_TEAM_PAGE_QUERIES - (0 if count else 1)):
            in_team = client.get(paths[1])
    for page, names in ((members, ["acme", "mina"]), (in_team, [])):
        text = page.content.decode()
        assert text.count('<li class="member">') == 100
        shown = 100 - len(names)
        assert f">person{shown - 1:04}<" in text
        assert f">person{shown:04}<" not in text
        assert f'<span class="count">{COUNT + len(names)}</span>' in text
        assert 'rel="next"' in text
    last = client.get(f"{paths[0]}?page=3").content.decode()
    assert last.count('<li class="member">') == 32
    assert "no page with this number" in client.get(f"{paths[0]}?page=4").content.decode()


def test_people_of_an_identity_provider_do_not_use_up_the_invitations(
    harbor: Organization, api: Api, owner: User
) -> None:
    create_user("guest")
    provider = build_provider(harbor, owner)
    provider.create_user("jane@harbor.example")
    add_people(harbor, MAX_PEOPLE - 3)
    body = {"addressee": "guest", "role": "member"}
    # 499 members without the provisioned one.
    sent = api.post(f"{ORG}/invitations", body)
    assert sent.status_code == 201, sent.content
    expect_problem(
        api.post(f"{ORG}/invitations", {**body, "addressee": "other@example.test"}),
        403,
        "organization-limit",
    )
