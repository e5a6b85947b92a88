"""The pages of transfers: the offer with its preview, the answers, and what everybody sees."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from registry.actions.create_scope import create_scope
from registry.models import Plugin, Transfer
from tests.functional.pages.browsing import read, send, sign_in
from tests.support.publishing import Publisher

NAME = "weather-map"
PAGE = f"/plugins/{NAME}/transfer"


@pytest.fixture(scope="module")
def plugin(module_publisher: Publisher) -> Plugin:
    """A plugin of `acme` without a scope."""
    return module_publisher.publish(NAME).plugin


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """The owner of the plugin."""
    return module_publisher.copy_actor()


@pytest.mark.usefixtures("plugin")
def test_an_owner_offers_and_the_receiver_accepts(
    client: Client, owner: User, outsider: User
) -> None:
    giver, taker = sign_in(owner), sign_in(outsider)
    assert "Show what changes" in read(giver, PAGE)
    preview = read(giver, PAGE, to="mallory")
    assert "Offer it to mallory" in preview
    assert "All current owners then lose their role" in preview
    assert not Transfer.objects.exists()
    offered = send(giver, PAGE, to="mallory").text
    assert "weather-map is offered to mallory." in offered
    assert "Cancel the transfer" in offered
    assert "Offered to mallory" in read(giver, f"/plugins/{NAME}/owners")
    assert "moves to" not in read(client, f"/plugins/{NAME}")
    transfer = Transfer.objects.get()
    assert "From acme to mallory" in read(taker, "/account")
    accepted = send(taker, f"/account/transfers/{transfer.pk}/accept").text
    assert "weather-map moves to mallory on 20" in accepted
    assert "Ownership moves to mallory on 20" in read(client, f"/plugins/{NAME}")
    canceled = send(giver, f"/account/transfers/{transfer.pk}/cancel").text
    assert "The transfer of weather-map is canceled." in canceled
    assert "moves to" not in read(client, f"/plugins/{NAME}")


@pytest.mark.usefixtures("plugin")
def test_others_have_no_page(client: Client, owner: User, outsider: User) -> None:
    assert client.get(PAGE).headers["Location"].startswith("/login")
    stranger = sign_in(outsider)
    assert stranger.get(PAGE).status_code == 403
    create_scope(actor=owner, name="wind")
    assert stranger.get("/account/scopes/wind/transfer").status_code == 404
    giver = sign_in(owner)
    assert "Transfer @wind" in read(giver, "/account/scopes")
    assert giver.get("/account/scopes/wind/transfer", {"to": "mallory"}).status_code == 200
    unknown = giver.get("/account/scopes/wind/transfer", {"to": "nobody-here"})
    assert unknown.status_code == 404
    assert "is named" in unknown.content.decode()


@pytest.mark.usefixtures("plugin")
def test_an_offer_needs_a_recent_confirmation(
    owner: User, outsider: User, settings: pytest.MonkeyPatch
) -> None:
    giver = sign_in(owner)
    settings.CONFIRMATION_SECONDS = -1  # type: ignore[attr-defined]  # pytest-django
    response = giver.post(PAGE, {"to": "mallory"})
    assert response.headers["Location"].startswith("/account/confirm")
    assert not Transfer.objects.exists()
