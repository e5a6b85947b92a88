"""`GET /owners/{owner}` and `GET /scopes/{name}`, and the proofs in the JSON of a plugin."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import OwnerDomain, User
from common.times import format_time
from registry.actions.create_scope import create_scope
from registry.models import Plugin, Scope, Visibility
from tests.functional.api.calls import Api, expect_problem
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db
REPOSITORY = {"type": "git", "url": "https://github.com/Acme/chat.git"}


def prove(account: User, name: str, *, method: str = "dns") -> OwnerDomain:
    """A proven domain or namespace of the account."""
    return OwnerDomain.objects.create(
        owner=account.owner, domain=name, token="x", method=method, verified_at=timezone.now()
    )


def test_a_person_is_what_the_profile_shows(api: Api, publisher: Publisher) -> None:
    owner = publisher.actor
    plugin = publisher.publish("@acme/chat").plugin
    Plugin.objects.filter(pk=plugin.pk).update(downloads=7)
    hidden, _ = create_scope(actor=owner, name="hidden")
    Scope.objects.filter(pk=hidden.pk).update(visibility=Visibility.PRIVATE)
    proof = prove(owner, "acme.example")
    OwnerDomain.objects.create(owner=owner.owner, domain="pending.example", token="x")
    response = api.get("/owners/acme")
    assert response.json() == {
        "name": "acme",
        "kind": "person",
        "displayName": "",
        "since": owner.date_joined.date().isoformat(),
        "scopes": ["acme"],
        "proofs": [
            {
                "name": "acme.example",
                "method": "dns",
                "since": format_time(proof.verified_at),
            }
        ],
        "plugins": 1,
        "downloads": 7,
    }
    again = api.get("/owners/acme", HTTP_IF_NONE_MATCH=response["ETag"])
    assert again.status_code == 304


def test_an_organization_has_its_display_name(api: Api) -> None:
    organization = build_organization(create_user("ada"), "harbor")
    organization.display_name = "The Harbor"
    organization.save()
    document = api.get("/owners/harbor").json()
    assert (document["kind"], document["displayName"]) == ("organization", "The Harbor")
    assert document["plugins"] == 0


@pytest.mark.parametrize("change", [{"is_active": False}, None])
def test_a_closed_account_is_as_unknown_as_one_that_never_was(
    api: Api, change: dict[str, bool] | None
) -> None:
    if change is not None:
        User.objects.filter(pk=create_user("nobody").pk).update(**change)
    with CaptureQueriesContext(connection) as queries:
        expect_problem(api.get("/owners/nobody"), 404, "unknown-user")
    assert len(queries) == 1


def test_a_scope_has_its_owner_and_the_proofs_of_the_owner(api: Api, publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    prove(publisher.actor, "acme.example")
    document = api.get("/scopes/acme").json()
    assert document["owner"] == {"name": "acme", "kind": "person"}
    assert (document["visibility"], document["official"]) == ("public", False)
    assert [proof["name"] for proof in document["proofs"]] == ["acme.example"]
    assert (document["plugins"], document["downloads"]) == (1, 0)


def test_a_scope_that_is_not_public_is_absent_for_others_in_the_same_queries(api: Api) -> None:
    ada = create_user("ada")
    scope, _ = create_scope(actor=ada, name="wind")
    Scope.objects.filter(pk=scope.pk).update(visibility=Visibility.PRIVATE)
    stranger = Api(create_api_token(create_user("stranger")))
    counts = []
    for caller in (api, stranger):
        caller.get("/me")
        for name in ("wind", "nothing"):
            with CaptureQueriesContext(connection) as queries:
                expect_problem(caller.get(f"/scopes/{name}"), 404, "unknown-scope")
            counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[2] == counts[3]
    own = Api(create_api_token(ada)).get("/scopes/wind")
    assert own.json()["visibility"] == "private"
    assert own["Cache-Control"] == "private, no-store"


def test_a_plugin_has_the_proofs_of_its_publisher(api: Api, publisher: Publisher) -> None:
    publisher.publish("@acme/chat", repository=REPOSITORY)
    path = "/plugins/@acme/chat"
    document = api.get(path).json()
    assert (document["proofs"], document["repositoryProven"]) == ([], False)
    prove(publisher.actor, "acme.example")
    account = prove(publisher.actor, "github.com/acme", method="file")
    document = api.get(path).json()
    assert [proof["name"] for proof in document["proofs"]] == ["acme.example", "github.com/acme"]
    assert document["repositoryProven"] is True
    account.delete()
    assert api.get(path).json()["repositoryProven"] is False
    # A suspended account vouches for nothing.
    User.objects.update(is_active=False)
    assert api.get(path).json()["proofs"] == []
