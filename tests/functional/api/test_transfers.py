"""`/plugins/{name}/transfer`, `/scopes/{name}/transfer` and `/me/transfers`."""

from __future__ import annotations

import pytest

from accounts.models import User
from registry.actions.create_scope import create_scope
from registry.actions.transfers.effect import run_due_transfers
from registry.models import Plugin, Transfer
from tests.functional.api.calls import Api, expect_problem
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher

NAME = "weather-map"


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
    """The account `mallory`, which receives."""
    return Api(create_api_token(outsider))


@pytest.mark.usefixtures("plugin")
def test_a_transfer_from_the_offer_to_the_effect(
    api: Api, author: Api, guest: Api, settings: object
) -> None:
    settings.TRANSFER_DELAY_HOURS = 0  # type: ignore[attr-defined]  # pytest-django
    response = author.post(f"/plugins/{NAME}/transfer", {"to": "mallory"})
    assert response.status_code == 201, response.content
    offer = response.json()
    assert (offer["kind"], offer["name"], offer["state"]) == ("plugin", NAME, "offered")
    assert (offer["from"], offer["to"]) == (
        {"name": "ada", "kind": "person"},
        {"name": "mallory", "kind": "person"},
    )
    assert (offer["plugins"], offer["readers"], offer["takesEffectAt"]) == (1, [], None)
    assert api.get(f"/plugins/{NAME}").json()["pendingTransfer"] is None
    for caller in (author, guest):
        [listed] = caller.get("/me/transfers").json()["transfers"]
        assert listed["id"] == offer["id"]
    accepted = guest.post(f"/me/transfers/{offer['id']}/accept").json()
    assert accepted["state"] == "accepted"
    pending = api.get(f"/plugins/{NAME}").json()["pendingTransfer"]
    assert pending == {"to": "mallory", "at": accepted["takesEffectAt"]}
    assert run_due_transfers() == 1
    document = api.get(f"/plugins/{NAME}").json()
    assert document["owners"] == ["mallory"]
    assert document["publisher"]["name"] == "mallory"
    assert [(each["from"], each["to"]) for each in document["transfers"]] == [("ada", "mallory")]
    expect_problem(author.post(f"/plugins/{NAME}/transfer", {"to": "ada"}), 403, "not-a-member")
    expect_problem(author.post(f"/me/transfers/{offer['id']}/cancel"), 404, "unknown-transfer")


@pytest.mark.usefixtures("plugin")
def test_what_is_refused(api: Api, author: Api, guest: Api, owner: User) -> None:
    create_scope(actor=owner, name="wind")
    path = f"/plugins/{NAME}/transfer"
    expect_problem(api.post(path, {"to": "mallory"}), 401, "unauthenticated")
    expect_problem(guest.post(path, {"to": "mallory"}), 403, "not-a-member")
    expect_problem(author.post(path, {"to": "nobody-here"}), 404, "unknown-user")
    expect_problem(author.post(path, {"to": "ada"}), 409, "transfer-receiver")
    expect_problem(guest.post("/scopes/wind/transfer", {"to": "mallory"}), 404, "unknown-scope")
    expect_problem(author.post("/scopes/none/transfer", {"to": "mallory"}), 404, "unknown-scope")
    limited = Api(create_api_token(owner, limit="@wind"))
    expect_problem(limited.post(path, {"to": "mallory"}), 403, "token-scope")
    read = Api(create_api_token(owner, "read"))
    expect_problem(read.post(path, {"to": "mallory"}), 403, "token-scope")
    assert limited.post("/scopes/wind/transfer", {"to": "mallory"}).status_code == 201
    assert author.post(path, {"to": "mallory"}).status_code == 201
    expect_problem(author.post(path, {"to": "mallory"}), 409, "transfer-pending")
    names = [each["name"] for each in limited.get("/me/transfers").json()["transfers"]]
    assert names == ["@wind"]
    single = Transfer.objects.get(plugin__name=NAME)
    expect_problem(limited.post(f"/me/transfers/{single.pk}/cancel"), 403, "token-scope")
    stranger = Api(create_api_token(create_user("stray")))
    for answer in ("accept", "decline", "cancel"):
        expect_problem(
            stranger.post(f"/me/transfers/{single.pk}/{answer}"), 404, "unknown-transfer"
        )
    assert stranger.get("/me/transfers").json() == {"transfers": []}
    expect_problem(author.post(f"/me/transfers/{single.pk}/accept"), 403, "not-a-member")
    expect_problem(guest.post(f"/me/transfers/{single.pk}/cancel"), 409, "transfer-ended")
    assert guest.post(f"/me/transfers/{single.pk}/decline").json()["state"] == "declined"


@pytest.mark.usefixtures("plugin")
def test_private_plugins_say_who_will_see_them(author: Api, owner: User, outsider: User) -> None:
    scope, _ = create_scope(actor=owner, name="wind")
    Publisher(owner).publish("@wind/secret")
    Plugin.objects.filter(scope=scope).update(visibility="internal", is_listed=False)
    offer = author.post("/scopes/wind/transfer", {"to": "mallory"}).json()
    assert offer["readers"] == [
        {
            "visibility": "internal",
            "plugins": 1,
            "readers": "all accounts of this registry with a verified address",
        }
    ]


def test_the_number_of_offers_is_limited(author: Api, owner: User, outsider: User) -> None:
    create_scope(actor=owner, name="wind")
    for _ in range(10):
        offer = author.post("/scopes/wind/transfer", {"to": "mallory"}).json()
        author.post(f"/me/transfers/{offer['id']}/cancel")
    expect_problem(author.post("/scopes/wind/transfer", {"to": "mallory"}), 429, "rate-limited")
