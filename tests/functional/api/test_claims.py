"""`/claims`, `/me/claims` and `/plugins/{name}/adoption`."""

from __future__ import annotations

import pytest

from accounts.models import User
from registry.actions.create_scope import create_scope
from registry.models import Plugin, Scope, Visibility
from tests.functional.api.calls import Api, expect_problem
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher

NAME = "weather-map"
BODY = {
    "name": NAME,
    "kind": "name",
    "reason": "It is the name of my company.",
    "evidence": ["https://example.test/trademark"],
}


@pytest.fixture(scope="module")
def plugin(module_publisher: Publisher) -> Plugin:
    """A published plugin of `ada` without a scope."""
    return module_publisher.publish(NAME).plugin


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """The owner of the plugin."""
    return module_publisher.copy_actor()


@pytest.fixture
def guest(outsider: User) -> Api:
    """The account `mallory`, which claims."""
    return Api(create_api_token(outsider))


@pytest.fixture
def moderator(db: None) -> User:
    """An account that decides."""
    return create_user("mod", is_moderator=True)


@pytest.mark.usefixtures("plugin")
def test_a_claim_from_the_objection_to_the_decision(
    api: Api, author: Api, guest: Api, moderator: User
) -> None:
    response = guest.post("/claims", BODY)
    assert response.status_code == 201, response.content
    claim = response.json()
    path = f"/claims/{claim['id']}"
    assert (claim["state"], claim["name"], claim["target"]) == ("open", NAME, "plugin")
    assert claim["parties"]["evidence"] == BODY["evidence"]
    expect_problem(api.get(path), 404, "unknown-claim")
    assert api.get("/claims").json()["claims"] == []
    for caller in (guest, author):
        [listed] = caller.get("/me/claims").json()["claims"]
        assert listed["parties"]["reason"] == BODY["reason"]
    expect_problem(guest.post(f"{path}/answer", {"answer": "accept"}), 403, "not-a-member")
    answer = {"answer": "object", "reason": "The name is a common word."}
    assert author.post(f"{path}/answer", answer).json()["state"] == "objected"
    decision = {"answer": "grant", "reason": "It is a registered trademark."}
    expect_problem(guest.post(f"{path}/answer", decision), 403, "not-a-member")
    plain = Api(create_api_token(moderator, "read", "manage"))
    expect_problem(plain.post(f"{path}/answer", decision), 404, "unknown-claim")
    granted = Api(create_api_token(moderator)).post(f"{path}/answer", decision).json()
    assert (granted["state"], granted["transfer"]) == ("granted", "offered")
    public = api.get(path).json()
    assert api.get("/claims").json()["claims"] == [public]
    assert (public["decision"], public["parties"]) == (decision["reason"], None)
    # It is an offer as any other.
    [transfer] = guest.get("/me/transfers").json()["transfers"]
    assert (transfer["to"]["name"], transfer["state"]) == ("mallory", "offered")


@pytest.mark.usefixtures("plugin")
def test_what_nobody_left_is_not_abandoned(api: Api, author: Api, guest: Api) -> None:
    adoption = {**BODY, "kind": "adoption"}
    expect_problem(guest.post("/claims", adoption), 409, "not-abandoned")
    assert api.get(f"/plugins/{NAME}").json()["seeksAdoption"] is False
    path = f"/plugins/{NAME}/adoption"
    expect_problem(guest.call("PUT", path, {"seeksAdoption": True}), 403, "not-a-member")
    assert author.call("PUT", path, {"seeksAdoption": True}).json()["seeksAdoption"] is True
    assert api.get(f"/plugins/{NAME}").json()["seeksAdoption"] is True
    claim = guest.post("/claims", adoption).json()
    expect_problem(guest.post("/claims", adoption), 409, "claim-pending")
    accepted = author.post(f"/claims/{claim['id']}/answer", {"answer": "accept"}).json()
    assert (accepted["state"], accepted["transfer"]) == ("accepted", "offered")


def test_what_is_not_public_is_as_unknown_as_what_is_missing(owner: User, guest: Api) -> None:
    create_scope(actor=owner, name="wind")
    Scope.objects.filter(name="wind").update(visibility=Visibility.PRIVATE)
    hidden = guest.post("/claims", {**BODY, "name": "@wind"})
    missing = guest.post("/claims", {**BODY, "name": "@none"})
    problems = [expect_problem(each, 404, "unknown-scope") for each in (hidden, missing)]
    assert problems[0]["detail"].replace("wind", "none") == problems[1]["detail"]
    expect_problem(guest.post("/claims", {**BODY, "name": "no-plugin"}), 404, "unknown-plugin")


@pytest.mark.usefixtures("plugin")
def test_a_limited_token_claims_nothing_else(outsider: User) -> None:
    limited = Api(create_api_token(outsider, "manage", limit="@mallory/tool"))
    expect_problem(limited.post("/claims", BODY), 403, "token-scope")
    reading = Api(create_api_token(outsider, "read"))
    expect_problem(reading.post("/claims", BODY), 403, "token-scope")
