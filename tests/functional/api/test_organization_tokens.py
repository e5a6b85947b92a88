"""Tokens that are limited to an organization: they reach what it owns, and nothing else."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Owner, User
from registry.models import Member, Plugin, Role, Visibility
from tests.functional.api.calls import Api, expect_problem
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher, build_package

pytestmark = pytest.mark.django_db

LIMIT = "org:harbor"


@pytest.fixture
def ada() -> User:
    """The owner of `harbor`, which owns `@piers` and the unscoped plugin `anchor`."""
    ada = create_user("ada")
    build_organization(ada, mia="member")
    Api(create_api_token(ada)).post("/scopes", {"name": "piers", "owner": "harbor"})
    publisher = Publisher(ada)
    publisher.publish("@piers/one")
    publisher.publish("anchor")
    publisher.publish("@ada/own")
    Member.objects.filter(plugin__name="anchor").update(holder=Owner.objects.get(name="harbor"))
    return ada


def limited(user: User, *scopes: str) -> Api:
    return Api(create_api_token(user, *scopes, limit=LIMIT))


def test_it_reaches_the_plugins_of_the_organization(ada: User) -> None:
    api = limited(ada)
    assert api.get("/me").json()["token"]["limits"] == [LIMIT]
    for name in ("@piers/one", "anchor"):
        assert api.call("PATCH", f"/plugins/{name}", {"tags": ["x"]}).status_code == 200
        assert api.publish(build_package(name, "2.0.0")).status_code == 202
    # New names in its scopes, also in that of its name, which is created with the first plugin.
    for name in ("@piers/two", "@harbor/first"):
        assert api.publish(build_package(name)).status_code == 202
    for name in ("@ada/own", "@ada/new", "unscoped-new"):
        expect_problem(api.publish(build_package(name, "2.0.0")), 403, "token-scope")
    expect_problem(api.call("PATCH", "/plugins/@ada/own", {"tags": ["x"]}), 403, "token-scope")


def test_it_reaches_the_scopes_and_the_members(ada: User) -> None:
    api = limited(ada)
    assert api.post("/scopes", {"name": "docks", "owner": "harbor"}).status_code == 201
    expect_problem(api.post("/scopes", {"name": "own-one"}), 403, "token-scope")
    assert api.call("GET", "/scopes/piers/visibility").json()["visibility"] == "public"
    assert api.post("/organizations/harbor/teams", {"name": "dev"}).status_code == 201
    assert len(api.get("/organizations/harbor/members").json()["members"]) == 2
    build_organization(ada, "other")
    expect_problem(api.post("/organizations/other/teams", {"name": "dev"}), 403, "token-scope")
    assert api.get("/organizations/other/members").json()["members"] == []
    expect_problem(api.post("/organizations", {"name": "third"}), 403, "token-scope")
    expect_problem(api.get("/me/organizations"), 403, "token-scope")


def test_it_is_for_members(ada: User) -> None:
    sam = Api(create_api_token(create_user("sam")))
    body = {"name": "x", "scopes": ["read"]}
    answers = [
        sam.post("/me/tokens", {**body, "limits": [limit]})
        for limit in (LIMIT, "org:nothing-here", "org:No Name")
    ]
    for answer in answers:
        expect_problem(answer, 400, "invalid-token-request")
        assert answer.json()["errors"][0]["field"] == "limits"
    known, unknown = (answer.json()["errors"][0]["detail"] for answer in answers[:2])
    assert known.replace("harbor", "") == unknown.replace("nothing-here", "")


def test_it_creates_only_tokens_of_the_organization(ada: User) -> None:
    api = limited(ada, "manage", "read")
    body = {"name": "x", "scopes": ["read"], "days": 1}
    assert api.post("/me/tokens", {**body, "limits": [LIMIT]}).status_code == 201
    for limits in ([], ["@ada"], [LIMIT, "@ada"]):
        expect_problem(api.post("/me/tokens", {**body, "limits": limits}), 403, "token-scope")


def test_it_ends_with_the_membership(ada: User) -> None:
    mia = limited(User.objects.get(username="mia"), "read")
    assert mia.get("/me").status_code == 200
    answer = limited(ada).call("DELETE", "/organizations/harbor/members/mia")
    assert answer.status_code == 200
    expect_problem(mia.get("/me"), 401, "invalid-token")


def test_private_plugins_are_read_in_the_organization_only(ada: User) -> None:
    publisher = Publisher(ada)
    publisher.publish("@piers/secret", visibility="private")
    publisher.publish("@ada/secret", visibility="private")
    api = limited(ada, "read")
    assert api.get("/plugins/@piers/secret").status_code == 200
    expect_problem(api.get("/plugins/@ada/secret"), 404, "unknown-plugin")
    names = [plugin["name"] for plugin in api.get("/plugins?q=secret").json()["plugins"]]
    assert "@ada/secret" not in names


def test_it_does_not_tell_of_plugins_that_the_account_may_not_see(ada: User) -> None:
    """A plugin that the organization holds in the scope of another is hidden from members like others."""
    publisher = Publisher(ada)
    publisher.publish("@ada/secret", visibility="private")
    plugin = Plugin.objects.get(name="@ada/secret")
    assert plugin.visibility == Visibility.PRIVATE
    harbor = Owner.objects.get(name="harbor")
    Member.objects.create(plugin=plugin, holder=harbor, role=Role.OWNER)
    mia = limited(User.objects.get(username="mia"))
    for path in ("/plugins/@ada/secret", "/plugins/@ada/nothing"):
        expect_problem(mia.call("PATCH", path, {"tags": ["x"]}), 404, "unknown-plugin")
        expect_problem(
            mia.publish(build_package(path.removeprefix("/plugins/"))), 403, "token-scope"
        )


def test_owners_of_an_organization_decide_who_sees_its_scopes(ada: User) -> None:
    for api in (limited(ada), Api(create_api_token(ada))):
        for visibility in ("internal", "public"):
            body = {"visibility": visibility}
            assert api.call("PUT", "/scopes/piers/visibility", body).status_code == 200
            answer = api.call("PUT", "/plugins/@piers/one/visibility", body)
            assert answer.status_code == 200, answer.content
    mia = Api(create_api_token(User.objects.get(username="mia")))
    expect_problem(mia.get("/scopes/piers/visibility"), 404, "unknown-scope")


def test_the_number_of_queries_is_fixed(ada: User) -> None:
    def count(api: Api, path: str) -> int:
        api.get(path)
        with CaptureQueriesContext(connection) as queries:
            api.get(path)
        return len(queries)

    Publisher(ada).publish("@piers/more", visibility="private")
    paths = ("/plugins/@piers/one/owners", "/plugins?q=one", "/me/invitations")
    api, unlimited = limited(ada, "read"), Api(create_api_token(ada, "read"))
    before = [count(api, path) for path in paths]
    for number in range(3):
        Publisher(ada).publish(f"@piers/more-{number}", visibility="private")
        build_organization(ada, f"other-{number}")
    assert [count(api, path) for path in paths] == before
    # The organization, its scopes and its plugins.
    assert all(
        limit - free <= 3
        for limit, free in zip(before, [count(unlimited, p) for p in paths], strict=True)
    )
