"""Search in the members of an organization: what is found, by whom, and at which cost."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.models import Organization, User
from tests.functional.api.calls import Api, expect_problem
from tests.support.organizations import add_people, build_organization
from tests.support.people import create_api_token, create_user
from tests.support.scim import Provider, build_provider

pytestmark = pytest.mark.django_db

MEMBERS = "/organizations/harbor/members"
_API_QUERIES, _PAGE_QUERIES = 6, 8


@pytest.fixture
def harbor(owner: User) -> Organization:
    return build_organization(owner, "harbor", mina="manager", mel="member", bob="billing")


@pytest.fixture
def provider(harbor: Organization, owner: User) -> Provider:
    """The identity provider of `harbor`, with one person."""
    provider = build_provider(harbor, owner)
    provider.create_user("jane@example.test", displayName="Jane Doe-Ångström")
    return provider


def sign_in(name: str) -> Api:
    return Api(create_api_token(User.objects.get(username=name), "read"))


def build_path(text: str) -> str:
    return f"{MEMBERS}?{urlencode({'q': text})}"


def find(api: Api, text: str) -> list[str]:
    response = api.get(build_path(text))
    assert response.status_code == 200, response.content
    return [each["username"] for each in response.json()["members"]]


def test_members_find_by_user_name_and_by_the_name_at_the_provider(provider: Provider) -> None:
    for name in ("acme", "mina", "mel", "bob"):
        api = sign_in(name)
        assert find(api, "ME") == ["acme", "mel"]
        assert find(api, " mel ") == ["mel"]
        (jane,) = find(api, "doe-ång")
        assert find(api, "DOE-ÅNG") == [jane]
        assert find(api, "nobody") == []
    rows = sign_in("mel").get(build_path("jane")).json()["members"]
    assert [each["displayName"] for each in rows] == ["Jane Doe-Ångström"]
    assert sign_in("mel").get(build_path("mina")).json()["members"][0]["displayName"] is None


def test_strangers_find_only_those_who_are_shown_and_by_their_user_names(
    harbor: Organization, provider: Provider
) -> None:
    create_user("mallory")
    jane = User.objects.get(scim_users__organization=harbor)
    harbor.memberships.filter(user__username="mel").update(is_public=True)
    harbor.memberships.filter(user=jane).update(is_public=True)
    for api in (Api(), sign_in("mallory")):
        assert find(api, "me") == ["mel"]
        assert find(api, jane.username) == [jane.username]
        # Neither shown nor confirmed.
        assert find(api, "Doe") == []
        assert find(api, "mina") == []
        document = api.get(MEMBERS).json()
        assert {each["displayName"] for each in document["members"]} == {None}
        assert api.get(build_path("mina")).json()["pagination"]["total"] == 0
    page = Client().get("/organizations/harbor/members?q=mina").content.decode()
    assert "No member that you may see" in page
    assert "Doe" not in Client().get("/organizations/harbor/members").content.decode()
    # A closed account is not shown to strangers, as in the list.
    User.objects.filter(username="mel").update(is_active=False)
    assert find(Api(), "mel") == []


@pytest.mark.parametrize("text", ["%", "_", "\\", "m%l", "'", '"', "*", "()", "\U0001f600"])
def test_special_characters_are_only_text(provider: Provider, text: str) -> None:
    assert find(sign_in("acme"), text) == []


def test_texts_are_limited(harbor: Organization) -> None:
    assert find(Api(), "x" * 200) == []
    expect_problem(Api().get(build_path("x" * 201)), 400, "invalid-query")
    expect_problem(Api().get(f"{MEMBERS}?q=%00"), 400, "invalid-query")
    page = Client().get("/organizations/harbor/members?q=" + "x" * 201)
    assert page.status_code == 400


def test_the_page_keeps_the_text_in_its_links_and_escapes_it(
    harbor: Organization, owner: User
) -> None:
    names = add_people(harbor, 230)
    client = Client()
    client.force_login(owner)
    page = client.get("/organizations/harbor/members?q=person0").content.decode()
    assert '<span class="count">230</span>' in page
    assert 'href="?q=person0&amp;page=2"' in page
    second = client.get("/organizations/harbor/members?q=person0&page=3").content.decode()
    assert f">{names[-1]}<" in second
    assert second.count('<li class="member">') == 30
    hostile = client.get("/organizations/harbor/members", {"q": '"><script>x</script>'})
    assert b"<script>x" not in hostile.content
    assert b"&lt;script&gt;x" in hostile.content


def test_the_number_of_queries_is_that_of_the_list(
    harbor: Organization, provider: Provider, owner: User, django_assert_num_queries: Any
) -> None:
    add_people(harbor, 150)
    api, client = sign_in("acme"), Client()
    client.force_login(owner)
    api.get(MEMBERS)
    client.get("/organizations/harbor/members")
    for text in ("person", "jane"):
        with django_assert_num_queries(_API_QUERIES):
            api.get(build_path(text))
        with django_assert_num_queries(_PAGE_QUERIES):
            client.get("/organizations/harbor/members", {"q": text})


def test_the_profile_shows_the_first_members(harbor: Organization) -> None:
    names = add_people(harbor, 40)
    assert "Members page" in Client().get("/@harbor").content.decode()
    harbor.memberships.update(is_public=True)
    profile = Client().get("/@harbor").content.decode()
    assert f">{names[25]}<" in profile
    assert f">{names[26]}<" not in profile
    assert "All members" in profile
