"""Attacks on organizations over the API: rights that outlive a role, robots, and private plugins."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Organization, User
from registry.jobs.runner import run_pending_jobs
from registry.models import Role
from tests.functional.api.calls import Api, expect_problem
from tests.support.organizations import build_organization, build_team
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher, build_package

pytestmark = pytest.mark.django_db

ORG = "/organizations/harbor"


@pytest.fixture
def ada() -> User:
    return create_user("ada")


@pytest.fixture
def harbor(ada: User) -> Organization:
    return build_organization(
        ada, "harbor", olaf="owner", mia="manager", pat="member", ben="billing"
    )


def sign_in(username: str) -> Api:
    return Api(create_api_token(User.objects.get(username=username)))


def create_robot_caller(owner: Api, *teams: str, **values: Any) -> Api:
    """A robot `harbor+ci` in the teams, with a token that has every scope of robots."""
    assert owner.post(f"{ORG}/robots", {"name": "ci"}).status_code == 201
    for team in teams:
        path = f"{ORG}/teams/{team}/members/harbor+ci"
        assert owner.call("PUT", path).status_code == 200
    body = {"name": "ci", "scopes": ["read", "publish", "manage"], "days": 30}
    return Api(owner.post(f"{ORG}/robots/harbor+ci/tokens", body).json()["token"])


@pytest.mark.parametrize("becomes", ["manager", "member"])
def test_an_owner_who_is_demoted_makes_no_further_owner(harbor: Organization, becomes: str) -> None:
    """Neither by an invitation to a second account, nor by one to an address."""
    olaf, ada = sign_in("olaf"), sign_in("ada")
    second = create_user("second")
    third = create_user("third")
    for addressee in ("second", third.email):
        body = {"addressee": addressee, "role": "owner"}
        assert olaf.post(f"{ORG}/invitations", body).status_code == 201
    kept = olaf.post(f"{ORG}/invitations", {"addressee": "kept@example.test", "role": "member"})
    ids = {row.role: row.pk for row in harbor.invitations.all()}
    assert ada.call("PATCH", f"{ORG}/members/olaf", {"role": becomes}).status_code == 200
    for user in (second, third):
        assert sign_in(user.username).get("/me/organizations").json()["invitations"] == []
        for number in ids.values():
            answer = sign_in(user.username).post(f"/me/organization-invitations/{number}/accept")
            expect_problem(answer, 404, "unknown-organization-invitation")
    owners = harbor.memberships.filter(role="owner")
    assert sorted(owners.values_list("user__username", flat=True)) == ["ada"]
    # What a manager may offer is still offered.
    shown = {row["id"] for row in ada.get(f"{ORG}/members").json()["invitations"]}
    assert shown == ({kept.json()["id"]} if becomes == "manager" else set())
    # Nobody who becomes an owner again revives what was offered before.
    assert ada.call("PATCH", f"{ORG}/members/olaf", {"role": "owner"}).status_code == 200
    assert sign_in("second").get("/me/organizations").json()["invitations"] == []


def test_a_robot_owns_nothing(harbor: Organization) -> None:
    ada = sign_in("ada")
    robot = create_robot_caller(ada)
    expect_problem(robot.post("/scopes", {"name": "freight"}), 403, "not-a-member")
    expect_problem(
        robot.post("/scopes", {"name": "freight", "owner": "harbor"}), 403, "not-a-member"
    )
    expect_problem(
        robot.post("/me/issuers", {"url": "https://ci.example.test"}), 403, "not-a-member"
    )
    expect_problem(robot.post("/organizations", {"name": "fleet"}), 403, "organization-limit")
    Publisher(User.objects.get(username="ada")).publish("@ada/boat")
    body = {"username": "harbor+ci", "role": "owner"}
    expect_problem(ada.post("/plugins/@ada/boat/owners", body), 404, "unknown-user")


def test_a_robot_does_not_approve(harbor: Organization, settings: Any) -> None:
    """A staged release is approved by a person, also where no second factor is required."""
    settings.REQUIRE_MFA_TO_PUBLISH = False
    owner = User.objects.get(username="ada")
    Publisher(owner).publish("@harbor/pier")
    build_team(owner, harbor, "@harbor/pier", Role.MAINTAINER)
    robot = create_robot_caller(sign_in("ada"), "dev")
    staged = robot.publish(build_package("@harbor/pier", "2.0.0"), "/plugins?stage=true")
    assert staged.status_code == 202, staged.content
    run_pending_jobs()
    for decision in ("approve", "discard"):
        answer = robot.post(f"/plugins/@harbor/pier/2.0.0/{decision}")
        expect_problem(answer, 403, "not-a-member")
    assert sign_in("mia").post("/plugins/@harbor/pier/2.0.0/approve").status_code == 200


def test_the_rights_of_teams_do_not_name_plugins_that_the_reader_may_not_see(
    harbor: Organization, client: Any
) -> None:
    owner = User.objects.get(username="ada")
    Publisher(owner).publish("@harbor/pier")
    Publisher(owner).publish("@harbor/zqsecret", visibility="private")
    build_team(owner, harbor, "@harbor/zqsecret", Role.PUBLISHER, "pat")
    path = f"{ORG}/teams/dev/rights/@harbor/pier"
    assert sign_in("ada").call("PUT", path, {"role": "publisher"}).status_code == 200
    shown = {
        name: [row["target"] for row in sign_in(name).get(f"{ORG}/teams/dev").json()["rights"]]
        for name in ("ada", "mia", "pat", "ben")
    }
    everything = ["@harbor/pier", "@harbor/zqsecret"]
    assert shown == {
        "ada": everything,
        "mia": everything,
        "pat": everything,
        "ben": ["@harbor/pier"],
    }
    for name, count in {"mia": True, "pat": True, "ben": False}.items():
        client.force_login(User.objects.get(username=name))
        page = client.get("/organizations/harbor/teams/dev").content.decode()
        assert ("zqsecret" in page) is count
