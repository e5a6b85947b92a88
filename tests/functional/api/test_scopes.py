"""`POST /scopes`."""

from __future__ import annotations

from accounts.models import User
from registry.models import Scope
from tests.functional.api.calls import Api, expect_problem
from tests.support.people import create_api_token
from tests.support.publishing import build_package


def test_a_scope_is_created_once(author: Api) -> None:
    response = author.post("/scopes", {"name": "@tide"})
    document = response.json()
    assert response.status_code == 201
    assert document.pop("createdAt").endswith("Z")
    assert document == {"name": "tide", "owner": "acme"}
    assert author.post("/scopes", {"name": "tide"}).status_code == 200
    assert author.get("/me").json()["scopes"] == ["tide"]
    assert author.publish(build_package("@tide/chat")).status_code == 202


def test_refused_scopes(author: Api, stranger: Api) -> None:
    author.post("/scopes", {"name": "tide"})
    expect_problem(stranger.post("/scopes", {"name": "t1de"}), 403, "scope-denied")
    expect_problem(stranger.post("/scopes", {"name": "acme"}), 403, "scope-denied")
    expect_problem(author.post("/scopes", {"name": "ar"}), 403, "official-scope")
    expect_problem(author.post("/scopes", {"name": "google"}), 403, "well-known-name")
    expect_problem(author.post("/scopes", {"name": "two--dashes"}), 400, "invalid-name")
    expect_problem(author.post("/scopes", {"name": "api"}), 400, "reserved-name")
    expect_problem(author.post("/scopes", {"name": "x", "owner": "mallory"}), 403, "not-a-member")
    expect_problem(author.post("/scopes", {"name": 7}), 400, "invalid")
    expect_problem(author.post("/scopes", {}), 400, "invalid")
    for number in range(4):
        assert author.post("/scopes", {"name": f"team-{number}x"}).status_code == 201
    expect_problem(author.post("/scopes", {"name": "another"}), 403, "scope-limit")
    assert Scope.objects.count() == 5


def test_moderators_create_scopes_for_others(judge: Api, owner: User) -> None:
    assert judge.post("/scopes", {"name": "google", "owner": owner.username}).status_code == 201
    assert Scope.objects.get().owner == owner.owner
    expect_problem(
        judge.post("/scopes", {"name": "tide", "owner": "nobody-here"}), 404, "unknown-user"
    )


def test_the_token_needs_the_right_to_manage(owner: User, api: Api) -> None:
    expect_problem(api.post("/scopes", {"name": "tide"}), 401, "unauthenticated")
    for scopes, limit in (
        (("read", "publish"), ""),
        (("manage",), "@other"),
        (("manage",), "@tide/x"),
    ):
        caller = Api(create_api_token(owner, *scopes, limit=limit))
        expect_problem(caller.post("/scopes", {"name": "tide"}), 403, "token-scope")
    caller = Api(create_api_token(owner, "manage", limit="@tide"))
    assert caller.post("/scopes", {"name": "tide"}).status_code == 201
