"""Internal plugins of an organization, and dependencies that some users cannot see."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import OrganizationRole, User
from marketplace.search import indexer
from registry.models import Plugin, Release, Visibility
from tests.functional.visibility.test_absence import FIELDS, FILES, Person, ask, fill, list_routes
from tests.support.organizations import build_organization
from tests.support.people import bearer, create_api_token, create_user
from tests.support.publishing import Publisher

NAME, UNKNOWN = "@harbor/zqpier-of-all-members", "@harbor/zqmoor-of-all-members"
# Lists and searches, in which a member finds it and nobody else.
_LISTS = (
    *("/api/v1/plugins?q=zqdisplay", "/api/v1/plugins?tag=zqtag", "/search?q=zqdisplay"),
    *("/@harbor", "/api/v1/suggest?q=zqpier", "/tags/zqtag"),
)


@pytest.fixture
def world(publisher: Publisher) -> Publisher:
    """An internal plugin of `harbor`, of which `bill` is a member for billing."""
    organization = build_organization(publisher.actor, "harbor", bill=OrganizationRole.BILLING)
    publisher.publish("@acme/open")
    publisher.publish(NAME, visibility="internal", files=FILES, **FIELDS)
    assert Plugin.objects.get(name=NAME).visibility == Visibility.INTERNAL
    assert organization.memberships.count() == 2
    return publisher


def _list_paths(name: str) -> list[str]:
    routes = [route for route in list_routes() if ":name>" in route and "scopes/" not in route]
    return [fill(route, name) for route in routes]


def test_members_of_every_role_read_it_on_every_surface(world: Publisher) -> None:
    bill = User.objects.get(username="bill")
    readers = {"session": Person(bill), "token": Person(token=create_api_token(bill, "read"))}
    managed = ("visibility", "publishing", "transfer", "trusted-publishers", "log")
    count = 0
    for who, person in readers.items():
        for path in _list_paths(NAME):
            if path.startswith("/api/") != bool(person.headers) or path.startswith("/feeds"):
                continue
            if path.startswith("/badges") or path.rpartition("/")[2] in managed:
                continue
            response = person.open().get(path, **person.headers)
            if response.status_code == 405:
                continue
            if not path.startswith(("/api/v1/plugins/", "/plugins/")):
                continue
            count += 1
            assert response.status_code == 200, (who, path)
            assert "no-store" in response["Cache-Control"], (who, path)
    assert count > 20
    indexer.index_changes()
    found = Person(bill).open().get("/search?q=zqdisplay").content.decode()
    assert NAME in found


def test_it_is_absent_for_everybody_else(world: Publisher, client: Client) -> None:
    """Also for other accounts of the registry with a verified address, and former members."""
    former = create_user("fay")
    organization = Plugin.objects.get(name=NAME).scope.owner.organization
    organization.memberships.create(user=former, role=OrganizationRole.MEMBER)
    organization.memberships.filter(user=former).delete()
    people = {
        "anonymous": Person(),
        "other account": Person(create_user("sam")),
        "former member": Person(former),
        "token": Person(token=create_api_token(former, "read")),
    }
    indexer.index_changes()
    for who, person in people.items():
        for known, unknown in zip(_list_paths(NAME), _list_paths(UNKNOWN), strict=True):
            answers = [
                tuple(
                    str(part).replace(name, "NAME")
                    for part in ask(person.open(), path, person.headers)
                )
                for name, path in ((NAME, known), (UNKNOWN, unknown))
            ]
            short = [
                tuple(part.replace("zqpier", "NAME").replace("zqmoor", "NAME") for part in answer)
                for answer in answers
            ]
            assert short[0] == short[1], (who, known)
        for path in _LISTS:
            _, _, body = ask(person.open(), path, person.headers)
            assert NAME not in body, (who, path)


@pytest.fixture
def needy(publisher: Publisher) -> Release:
    """A public release that needs an internal, a private, a public and an unknown plugin."""
    publisher.publish("@acme/open")
    publisher.publish("@acme/zqprivate", visibility="private")
    publisher.publish("@acme/zqinternal", visibility="internal")
    names = ("@acme/open", "@acme/zqprivate", "@acme/zqinternal", "@acme/zqnothing")
    return publisher.publish("@acme/needy", dependencies={"plugins": dict.fromkeys(names, "*")})


def test_the_status_of_an_upload_names_what_others_cannot_install(
    needy: Release, owner: User, client: Client
) -> None:
    path = f"/api/v1/publications/{needy.public_id}"
    hidden = ["@acme/zqinternal", "@acme/zqprivate"]

    def load(**values: Any) -> Any:
        return client.get(path, **bearer(create_api_token(owner, "read", **values))).json()

    assert load()["hiddenDependencies"] == hidden
    # A token of one pipeline learns nothing about other plugins.
    assert load(limit="@acme/needy")["hiddenDependencies"] == []
    client.force_login(owner)
    page = client.get(f"/publications/{needy.public_id}").content.decode()
    assert "Some users cannot install this release." in page
    assert "/plugins/@acme/zqprivate/visibility" in page
    Plugin.objects.filter(name="@acme/needy").update(visibility="private", is_listed=False)
    assert load()["hiddenDependencies"] == [], "nobody sees it who does not see the others"


def test_a_limited_token_does_not_approve_or_find_other_private_plugins(
    needy: Release, owner: User, client: Client
) -> None:
    headers = bearer(create_api_token(owner, limit="@acme/open"))
    paths = [f"/api/v1/plugins/@acme/{name}/1.0.0/approve" for name in ("zqprivate", "zqnothing")]
    answers = [client.post(path, {}, "application/json", **headers) for path in paths]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["code"] == answers[1].json()["code"]
    path = "/api/v1/plugins/@acme/needy/1.0.0/approve"
    public = client.post(path, {}, "application/json", **headers)
    assert public.status_code == 403
