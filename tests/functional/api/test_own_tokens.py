"""`/me/tokens`: what a program may do with the tokens of its account."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from accounts.models import AuditEntry, Token, User
from accounts.models.token import hash_token
from tests.functional.api.calls import Api, expect_problem
from tests.support.people import create_api_token

BODY = {"name": "ci", "scopes": ["publish"], "days": 30}


def _find(text: str) -> Token:
    return Token.objects.get(sha256=hash_token(text))


@pytest.fixture
def laptop(owner: User) -> Api:
    """A token with which a person manages the account."""
    return Api(create_api_token(owner, "publish", "manage", days=60))


def test_a_created_token_works_and_is_not_stored(laptop: Api, mailoutbox: list[Any]) -> None:
    response = laptop.post("/me/tokens", {**BODY, "limits": ["@acme"], "networks": ["127.0.0.1"]})
    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "private, no-store"
    document = response.json()
    text = document.pop("token")
    me = Api(text).get("/me").json()["token"]
    assert me == {key: document[key] for key in me}
    assert (me["limits"], me["networks"]) == (["@acme"], ["127.0.0.1/32"])
    assert document["parent"] == Token.objects.get(name="test").pk
    assert text not in str([*Token.objects.values(), *AuditEntry.objects.values()])
    assert [mail.subject for mail in mailoutbox] == [
        "[plugport] A token was created for your account"
    ]
    assert text not in mailoutbox[0].body
    (listed,) = [each for each in laptop.get("/me/tokens").json()["tokens"] if each["name"] == "ci"]
    assert "token" not in listed
    assert dt.datetime.fromisoformat(listed["expiresAt"]) == _find(text).expires_at.replace(
        microsecond=_find(text).expires_at.microsecond // 1000 * 1000
    )


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"scopes": []}, ["scopes"]),
        ({"scopes": ["root"]}, ["scopes.0"]),
        ({"scopes": "publish"}, ["scopes"]),
        ({"days": 0}, ["days"]),
        ({"days": 367}, ["days"]),
        ({"days": True}, ["days"]),
        ({"days": 1.5}, ["days"]),
        ({"days": "30"}, ["days"]),
        ({"limits": ["NOT A NAME"]}, ["limits"]),
        ({"limits": ["@a"] * 21}, ["limits"]),
        ({"networks": ["0.0.0.0/0", "x"]}, ["networks", "networks"]),
        ({"user": "olga"}, ["user"]),
    ],
)
def test_invalid_requests(laptop: Api, change: dict[str, Any], fields: list[str]) -> None:
    response = laptop.post("/me/tokens", BODY | change)
    assert response.status_code == 400
    assert [each["field"] for each in response.json()["errors"]] == fields
    assert Token.objects.count() == 1


def test_a_token_creates_none_that_can_do_more(owner: User, laptop: Api) -> None:
    for change in ({"scopes": ["read"]}, {"days": 90}, {"scopes": ["publish", "read"]}):
        expect_problem(laptop.post("/me/tokens", BODY | change), 403, "token-scope")
    limited = Api(create_api_token(owner, "publish", "manage", limit="@acme/chat"))
    expect_problem(limited.post("/me/tokens", BODY), 403, "token-scope")
    assert limited.post("/me/tokens", BODY | {"limits": ["@acme/chat"]}).status_code == 201
    reader = Api(create_api_token(owner, "read", "publish"))
    for call in (reader.post("/me/tokens", BODY), reader.get("/me/tokens")):
        expect_problem(call, 403, "token-scope")
    expect_problem(Api().post("/me/tokens", BODY), 401, "unauthenticated")


def test_a_stolen_token_cannot_outlive_its_revocation(owner: User, laptop: Api) -> None:
    created = laptop.post("/me/tokens", BODY | {"scopes": ["publish", "manage"]}).json()["token"]
    expect_problem(Api(created).post("/me/tokens", BODY | {"days": 1}), 403, "token-scope")
    revoker = Api(create_api_token(owner, "manage"))
    response = revoker.call(
        "DELETE", f"/me/tokens/{Token.objects.get(name='test', scopes=['publish', 'manage']).pk}"
    )
    assert response.json()["revokedAt"]
    expect_problem(Api(created).get("/me"), 401, "invalid-token")
    expect_problem(laptop.get("/me"), 401, "invalid-token")


def test_a_limited_token_sees_itself_and_what_it_created(owner: User, laptop: Api) -> None:
    limited = Api(create_api_token(owner, "publish", "manage", limit="@acme"))
    child = limited.post("/me/tokens", BODY | {"limits": ["@acme/chat"]}).json()
    listed = limited.get("/me/tokens").json()["tokens"]
    assert sorted(each["isCurrent"] for each in listed) == [False, True]
    (other,) = {each["id"] for each in laptop.get("/me/tokens").json()["tokens"]} - {
        each["id"] for each in listed
    }
    expect_problem(limited.call("DELETE", f"/me/tokens/{other}"), 404, "unknown-token")
    assert limited.call("DELETE", f"/me/tokens/{child['id']}").status_code == 200


def test_tokens_of_others_do_not_exist(laptop: Api, outsider: User) -> None:
    foreign = _find(create_api_token(outsider))
    for number in (foreign.pk, 0, 2**63 - 1):
        expect_problem(laptop.call("DELETE", f"/me/tokens/{number}"), 404, "unknown-token")
    assert Token.objects.get(pk=foreign.pk).is_usable()


def test_every_token_can_revoke_itself(owner: User, laptop: Api) -> None:
    child = laptop.post("/me/tokens", BODY).json()["token"]
    assert laptop.call("DELETE", "/me/tokens/current").json()["isCurrent"]
    expect_problem(laptop.get("/me"), 401, "invalid-token")
    # A person who signs a laptop out does not stop the pipelines.
    assert Api(child).get("/me").status_code == 200
    assert Api(child).call("DELETE", "/me/tokens/current").status_code == 200
    expect_problem(Api(child).call("DELETE", "/me/tokens/current"), 401, "invalid-token")
