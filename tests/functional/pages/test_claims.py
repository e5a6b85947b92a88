"""The pages of claims: the form, one claim for each who reads it, and the public outcomes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from registry.actions.create_scope import create_scope
from registry.models import Claim, Plugin, Scope
from tests.functional.api.calls import Api
from tests.functional.pages.browsing import read, send, sign_in
from tests.functional.pages.dom import parse
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher

NAME = "weather-map"
# Session and account take two, a token one.
QUERIES = {
    "/claims claimant": 4,
    "/claims holder": 4,
    "/claims moderator": 5,
    "/claims/new?name=weather-map claimant": 4,
    "/claims/new?name=weather-map holder": 4,
    "/claims/new?name=weather-map moderator": 4,
    "/claims/ID claimant": 4,
    "/claims/ID holder": 5,
    "/claims/ID moderator": 4,
    "api /claims claimant": 2,
    "api /claims holder": 2,
    "api /claims moderator": 2,
    "api /me/claims claimant": 2,
    "api /me/claims holder": 2,
    "api /me/claims moderator": 2,
    "api /claims/ID claimant": 2,
    "api /claims/ID holder": 3,
    "api /claims/ID moderator": 2,
}
FORM = f"/claims/new?name={NAME}"
REASON = "It is the name of my company."


@pytest.fixture(scope="module")
def plugin(module_publisher: Publisher) -> Plugin:
    """A plugin of `acme` without a scope."""
    return module_publisher.publish(NAME).plugin


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """The owner of the plugin."""
    return module_publisher.copy_actor()


def make(client: Client, **values: str) -> str:
    """Send the form; returns the path of the claim."""
    form = {"kind": "name", "to": "mallory", "reason": REASON, "evidence": "https://a.test/x"}
    response = client.post(FORM, {**form, **values})
    assert response.status_code == 302, parse(response.content.decode()).text
    return response.headers["Location"]


@pytest.mark.usefixtures("plugin")
def test_a_claim_is_made_answered_and_decided(client: Client, owner: User, outsider: User) -> None:
    assert client.get(FORM).headers["Location"].startswith("/login")
    assert "Claim this plugin" in read(client, f"/plugins/{NAME}")
    claimant, holder = sign_in(outsider), sign_in(owner)
    assert "The owners get a mail" in read(claimant, FORM)
    path = make(claimant)
    for reader in (claimant, holder):
        page = read(reader, path)
        assert REASON in page
        assert "What the parties say" in page
    assert "Withdraw the claim" in read(claimant, path)
    assert "Accept and offer it" in read(holder, path)
    assert "Yours" in read(holder, "/claims")
    stranger = sign_in(create_user("stranger"))
    assert (client.get(path).status_code, stranger.get(path).status_code) == (404, 404)
    moderator = sign_in(create_user("mod", is_moderator=True))
    assert "It can be granted when" in read(moderator, path)
    assert "To decide" in read(moderator, "/claims")
    objected = send(holder, f"{path}/answer", answer="object", reason="It is a common word.").text
    assert "The claim to weather-map is now: objected." in objected
    granted = send(moderator, f"{path}/answer", answer="grant", reason="It is a trademark.").text
    assert "Take the decision back" in granted
    for page in (read(client, path), read(client, "/claims")):
        assert "It is a trademark." in page
        assert REASON not in page
        assert "common word" not in page
    send(moderator, f"{path}/answer", answer="reverse", reason="A mistake.")
    assert Claim.objects.get().state == "reversed"
    assert "took it back" in read(client, path)


@pytest.mark.usefixtures("plugin")
def test_a_form_that_is_refused_says_why(outsider: User) -> None:
    claimant = sign_in(outsider)
    form = {"kind": "adoption", "to": "mallory", "reason": REASON, "evidence": ""}
    refused = claimant.post(FORM, form)
    assert refused.status_code == 409
    assert "is not abandoned" in parse(refused.content.decode()).text
    short = claimant.post(FORM, {**form, "kind": "name", "reason": "Mine."})
    assert short.status_code == 400
    assert "20 to 2000 characters" in parse(short.content.decode()).text
    other = claimant.post(FORM, {**form, "to": "acme"})
    assert other.status_code == 400
    assert claimant.get("/claims/new?name=no-plugin").status_code == 404
    assert claimant.get("/claims/new").status_code == 404
    assert not Claim.objects.exists()


@pytest.mark.usefixtures("plugin")
def test_owners_look_for_somebody(client: Client, owner: User, outsider: User) -> None:
    holder = sign_in(owner)
    page = f"/plugins/{NAME}/owners"
    assert "Look for a new owner" in read(holder, page)
    assert "Look for a new owner" not in read(sign_in(outsider), page)
    send(holder, page, action="seek-adoption", username=owner.username)
    assert "Its owners look for somebody" in read(client, f"/plugins/{NAME}")
    make(sign_in(outsider), kind="adoption")
    send(holder, page, action="keep", username=owner.username)
    assert "Its owners look for somebody" not in read(client, f"/plugins/{NAME}")


@pytest.mark.usefixtures("plugin")
def test_an_answer_that_no_page_sends_changes_nothing(outsider: User) -> None:
    claimant = sign_in(outsider)
    path = make(claimant)
    assert "The form is not complete" in send(claimant, f"{path}/answer", answer="x").text
    assert claimant.get(f"{path}/answer").headers["Location"] == path
    assert "is now: withdrawn" in send(claimant, f"{path}/answer", answer="withdraw").text


def test_a_scope_is_claimed_from_its_page(client: Client, owner: User, outsider: User) -> None:
    create_scope(actor=owner, name="wind")
    Publisher(owner).publish("@wind/mill")
    links = parse(client.get("/@wind").content.decode())
    assert "/claims/new?name=@wind" in [each.attrs.get("href") for each in links.all("a")]
    form = {"kind": "name", "to": "mallory", "reason": REASON}
    claimant = sign_in(outsider)
    page = send(claimant, "/claims/new?name=@wind", **form).text
    assert "The owners are asked." in page
    assert "@wind" in page


def _make_claims(owner: User, claimant: User, count: int) -> Claim:
    """Open, objected and decided claims to `count` scopes each; returns an open one."""
    moderator = User.objects.get(username="mod")
    now = timezone.now()
    for state in ("open", "objected", "granted"):
        for number in range(count):
            name = f"{state}-{number}"
            scope = Scope.objects.create(name=name, collision_key=name, owner=owner.owner)
            Claim.objects.create(
                scope=scope,
                kind="name",
                claimant=claimant,
                receiver=claimant.owner,
                state=state,
                reason=REASON,
                answer_by=now,
                decided_by=moderator if state == "granted" else None,
                decided_at=now if state == "granted" else None,
            )
    return Claim.objects.filter(state="open").earliest("pk")


@pytest.mark.usefixtures("plugin")
def test_the_number_of_queries_is_constant(
    client: Client, owner: User, outsider: User, django_assert_num_queries: Any
) -> None:
    moderator = create_user("mod", is_moderator=True)
    accounts = {"claimant": outsider, "holder": owner, "moderator": moderator}
    clients = {name: sign_in(account) for name, account in accounts.items()}
    for each in clients.values():
        each.get("/account")
    tokens = {name: Api(create_api_token(account)) for name, account in accounts.items()}
    for each in tokens.values():
        each.get("/me")
    seen = []
    for count in (1, 7):
        Claim.objects.all().delete()
        Scope.objects.filter(name__contains="-").delete()
        made = _make_claims(owner, outsider, count)
        found: dict[str, int] = {}
        for path in ("/claims", FORM, f"/claims/{made.pk}"):
            key = "/claims/ID" if path[-1].isdecimal() else path
            for name, each in clients.items():
                with CaptureQueriesContext(connection) as queries:
                    assert each.get(path).status_code == 200
                found[f"{key} {name}"] = len(queries)
        for path in ("/claims", "/me/claims", f"/claims/{made.pk}"):
            key = "/claims/ID" if path[-1].isdecimal() else path
            for name, caller in tokens.items():
                with CaptureQueriesContext(connection) as queries:
                    assert caller.get(path).status_code == 200
                found[f"api {key} {name}"] = len(queries)
        with django_assert_num_queries(1):
            client.get("/claims")
        seen.append(found)
    assert seen[0] == seen[1]
    assert seen[0] == QUERIES
