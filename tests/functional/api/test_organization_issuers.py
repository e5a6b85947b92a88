"""Issuers that an organization registers: they mint tokens for its plugins, and for no others (SIGN-3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, OrganizationRole, Owner, User
from tests.functional.api.calls import Api, expect_problem
from tests.support.issuer import Issuer, open_issuer
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db

ISSUERS = "/organizations/harbor/issuers"
CLAIMS = {"sub": "job", "team": "a"}


@pytest.fixture
def ci(settings: Any) -> Iterator[Issuer]:
    with open_issuer(settings) as issuer:
        settings.CI_ISSUERS = {"github": [], "gitlab": []}
        yield issuer


@pytest.fixture
def ada() -> User:
    """The owner of `harbor` with `@harbor/pier`, and of `@ada/own`."""
    ada = create_user("ada")
    build_organization(ada, mia="manager", mel="member")
    publisher = Publisher(ada)
    publisher.publish("@harbor/pier")
    publisher.publish("@ada/own")
    return ada


def sign_in(username: str, *scopes: str) -> Api:
    return Api(create_api_token(User.objects.get(username=username), *scopes))


def mint(ci: Issuer, name: str, jti: str) -> Any:
    token = ci.sign(**CLAIMS, jti=jti)
    return Api().post("/oidc/mint-token", {"token": token, "plugin": name})


def test_it_mints_for_plugins_of_the_organization_only(ada: User, ci: Issuer) -> None:
    api = sign_in("ada")
    body = {"provider": "oidc", "issuer": ci.url, "claims": CLAIMS}
    expect_problem(
        api.post("/plugins/@harbor/pier/trusted-publishers", body), 400, "invalid-trusted-publisher"
    )
    registered = api.post(ISSUERS, {"url": ci.url})
    assert registered.status_code == 201
    assert (registered.json()["owner"], registered.json()["url"]) == ("harbor", ci.url)
    for name in ("@harbor/pier", "@harbor/not-there-yet"):
        assert api.post(f"/plugins/{name}/trusted-publishers", body).status_code == 201
        assert mint(ci, name, name).status_code == 201
    # Of the same person, but not of the organization.
    own = api.post("/plugins/@ada/own/trusted-publishers", body)
    expect_problem(own, 400, "invalid-trusted-publisher")
    removed = api.call("DELETE", f"{ISSUERS}/{registered.json()['id']}")
    assert removed.json()["url"] == ci.url
    expect_problem(mint(ci, "@harbor/pier", "later"), 403, "identity-token-refused")


def test_an_issuer_of_a_person_does_not_count_for_the_organization(ada: User, ci: Issuer) -> None:
    api = sign_in("ada")
    assert api.post("/me/issuers", {"url": ci.url}).status_code == 201
    body = {"provider": "oidc", "issuer": ci.url, "claims": CLAIMS}
    for name in ("@harbor/pier", "@harbor/not-there-yet"):
        answer = api.post(f"/plugins/{name}/trusted-publishers", body)
        expect_problem(answer, 400, "invalid-trusted-publisher")


def test_owners_manage_members_see_and_strangers_do_not(ada: User) -> None:
    url = "https://ci.example.test"
    issuer = sign_in("ada").post(ISSUERS, {"url": url}).json()
    assert sign_in("ada").post(ISSUERS, {"url": url}).json()["id"] == issuer["id"]
    create_user("sam")
    for name in ("mia", "mel", "sam"):
        api = sign_in(name)
        expect_problem(api.post(ISSUERS, {"url": url}), 403, "issuer-denied")
        expect_problem(api.call("DELETE", f"{ISSUERS}/{issuer['id']}"), 403, "issuer-denied")
    assert sign_in("mel", "read").get(ISSUERS).json()["issuers"] == [issuer]
    expect_problem(sign_in("sam").get(ISSUERS), 403, "organization-role")
    expect_problem(
        sign_in("ada").call("DELETE", f"/me/issuers/{issuer['id']}"), 404, "unknown-issuer"
    )
    build_organization(ada, "other")
    other = f"/organizations/other/issuers/{issuer['id']}"
    expect_problem(sign_in("ada").call("DELETE", other), 404, "unknown-issuer")
    entry = AuditEntry.objects.get(action="issuer.registered")
    assert (entry.target_name, entry.owner_id) == (url, Owner.objects.get(name="harbor").pk)


def test_the_log_of_an_organization(ada: User) -> None:
    api = sign_in("ada")
    path = "/organizations/harbor/audit"
    api.post("/organizations/harbor/teams", {"name": "dev"})
    api.post("/organizations/harbor/robots", {"name": "ci"})
    body = {"name": "ci", "scopes": ["read", "manage"]}
    robot = api.post("/organizations/harbor/robots/harbor+ci/tokens", body).json()["token"]
    Api(robot).post("/me/tokens", {"name": "child", "scopes": ["read"], "days": 1})
    api.post("/me/tokens", {"name": "own", "scopes": ["read"], "days": 1})
    api.post(ISSUERS, {"url": "https://ci.example.test"})
    api.post("/scopes", {"name": "piers", "owner": "harbor"})
    items = sign_in("mia", "read").get(f"{path}?limit=100").json()["items"]
    acts = {(item["action"], item["actor"]) for item in items}
    assert {
        ("organization.created", "ada"),
        ("team.created", "ada"),
        ("robot.created", "ada"),
        ("robot.token-created", "ada"),
        ("token.created", "harbor+ci"),
        ("issuer.registered", "ada"),
        ("scope.created", "ada"),
        ("plugin.created", "ada"),
        ("release.published", "system"),
    } <= acts
    # What concerns persons, and their other plugins, is not the organization's.
    assert ("token.created", "ada") not in acts
    assert all("@ada/own" not in str(item) for item in items)
    addresses = {item["actor"]: item["address"] for item in items}
    assert (addresses["harbor+ci"], addresses["ada"]) == ("127.0.0.1", None)
    create_user("sam")
    for name in ("mel", "sam"):
        expect_problem(sign_in(name).get(path), 403, "organization-role")
    expect_problem(sign_in("ada", "publish").get(path), 403, "token-scope")
    expect_problem(sign_in("ada").get("/organizations/nothing/audit"), 404, "unknown-organization")


def test_the_number_of_queries_is_fixed(ada: User) -> None:
    api = sign_in("ada")

    def count(path: str) -> int:
        api.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert api.get(path).status_code == 200
        return len(queries)

    api.post("/organizations/harbor/robots", {"name": "ci"})
    paths = (ISSUERS, "/organizations/harbor/audit")
    before = [count(path) for path in paths]
    for number in range(3):
        api.post(ISSUERS, {"url": f"https://ci{number}.example.test"})
        api.post("/organizations/harbor/robots", {"name": f"ci{number}"})
        Publisher(ada).publish(f"@harbor/more-{number}")
    assert [count(path) for path in paths] == before == [4, 8]


def test_a_former_member_reads_nothing(ada: User) -> None:
    mia = sign_in("mia")
    assert mia.get("/organizations/harbor/audit").status_code == 200
    member = User.objects.get(username="mia").organization_memberships.get()
    assert member.role == OrganizationRole.MANAGER
    assert mia.call("DELETE", "/organizations/harbor/members/mia").status_code == 200
    for path in ("/organizations/harbor/audit", ISSUERS):
        expect_problem(mia.get(path), 403, "organization-role")
