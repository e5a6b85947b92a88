"""Organizations over the API: the whole way of a person, and what others get to know."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import AuditEntry, Organization, User
from registry.models import Plugin
from tests.functional.api.calls import Api, expect_problem
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher, build_package

pytestmark = pytest.mark.django_db

ORG = "/organizations/harbor"


def patch(api: Api, path: str, body: object) -> Any:
    return api.call("PATCH", path, body)


def sign_in(username: str, *scopes: str, **values: object) -> Api:
    user = User.objects.filter(username=username).first() or create_user(username)
    return Api(create_api_token(user, *scopes, **values))


@pytest.fixture
def author() -> Api:
    """An owner of the organization `harbor`."""
    api = sign_in("ada")
    response = api.post("/organizations", {"name": "harbor", "displayName": "The Harbor"})
    assert response.status_code == 201, response.content
    return api


def join(author: Api, username: str, role: str) -> Api:
    api = sign_in(username)
    assert (
        author.post(f"{ORG}/invitations", {"addressee": username, "role": role}).status_code == 201
    )
    (invitation,) = api.get("/me/organizations").json()["invitations"]
    answer = api.post(f"/me/organization-invitations/{invitation['id']}/accept", {})
    assert answer.json()["role"] == role
    return api


def test_an_organization_is_public(author: Api) -> None:
    document = Api().get(ORG).json()
    assert document["displayName"] == "The Harbor"
    assert patch(author, ORG, {"description": "Ships."}).json()["description"] == "Ships."
    assert Api().get(ORG).json()["description"] == "Ships."
    expect_problem(Api().get("/organizations/nothing"), 404, "unknown-organization")
    expect_problem(author.post("/organizations", {"name": "ada"}), 409, "owner-name-taken")
    expect_problem(
        patch(author, ORG, {"website": "javascript:x"}), 400, "invalid-organization-request"
    )


def test_members_are_shown_to_members_and_as_they_choose(author: Api) -> None:
    mia = join(author, "mia", "member")
    assert [each["username"] for each in mia.get(f"{ORG}/members").json()["members"]] == [
        "ada",
        "mia",
    ]
    stranger = sign_in("sam")
    for api in (Api(), stranger, sign_in("mia", "publish"), sign_in("mia", limit="@other")):
        assert api.get(f"{ORG}/members").json()["members"] == []
    assert patch(mia, "/me/organizations/harbor", {"isPublic": True}).json()["isPublic"] is True
    assert [each["username"] for each in Api().get(f"{ORG}/members").json()["members"]] == ["mia"]
    assert author.get(f"{ORG}/members").json()["invitations"] == []
    assert mia.get(f"{ORG}/members").json()["invitations"] is None


def test_an_invitation_is_withdrawn_or_declined(author: Api) -> None:
    body = {"addressee": "guest@example.test", "role": "member"}
    sent = author.post(f"{ORG}/invitations", body).json()
    assert (sent["email"], sent["username"]) == ("guest@example.test", None)
    expect_problem(author.post(f"{ORG}/invitations", body), 409, "in-organization")
    assert author.call("DELETE", f"{ORG}/invitations/{sent['id']}").status_code == 200
    expect_problem(
        author.call("DELETE", f"{ORG}/invitations/{sent['id']}"),
        404,
        "unknown-organization-invitation",
    )
    author.post(f"{ORG}/invitations", body)
    guest = sign_in("guest")
    (invitation,) = guest.get("/me/organizations").json()["invitations"]
    path = f"/me/organization-invitations/{invitation['id']}"
    expect_problem(
        sign_in("sam").post(f"{path}/accept", {}), 404, "unknown-organization-invitation"
    )
    assert guest.post(f"{path}/decline", {}).status_code == 200
    assert guest.get("/me/organizations").json() == {"memberships": [], "invitations": []}


def test_roles_change_and_end(author: Api) -> None:
    mia = join(author, "mia", "member")
    expect_problem(patch(mia, f"{ORG}/members/ada", {"role": "member"}), 403, "organization-role")
    changed = patch(author, f"{ORG}/members/mia", {"role": "manager"}).json()
    assert changed["role"] == "manager"
    expect_problem(patch(author, f"{ORG}/members/mia", {"role": "king"}), 400, "invalid")
    expect_problem(author.call("DELETE", f"{ORG}/members/ada"), 409, "last-organization-owner")
    assert mia.call("DELETE", f"{ORG}/members/mia").json()["removed"] == "member"
    expect_problem(mia.get(f"{ORG}/teams"), 403, "organization-role")
    expect_problem(
        author.call("DELETE", f"{ORG}/members/nobody"), 404, "unknown-organization-member"
    )


def test_a_team_publishes_in_a_scope_of_the_organization(author: Api) -> None:
    mia = join(author, "mia", "member")
    assert author.post("/scopes", {"name": "piers", "owner": "harbor"}).json()["owner"] == "harbor"
    expect_problem(mia.post("/scopes", {"name": "docks", "owner": "harbor"}), 403, "not-a-member")
    assert author.post(f"{ORG}/teams", {"name": "dev"}).status_code == 201
    assert author.call("PUT", f"{ORG}/teams/dev/members/mia").json()["members"] == ["mia"]
    team = author.call("PUT", f"{ORG}/teams/dev/rights/@piers", {"role": "publisher"}).json()
    assert team["rights"] == [{"target": "@piers", "role": "publisher"}]
    Publisher(User.objects.get(username="mia")).publish("@piers/one")
    plugin = Plugin.objects.get()
    assert Api().get(f"/plugins/{plugin.name}").json()["owners"] == ["harbor"]
    (member,) = Api().get(f"/plugins/{plugin.name}/owners").json()["members"]
    assert (member["username"], member["role"]) == ("harbor", "owner")
    right = author.call("PUT", f"{ORG}/teams/dev/rights/@piers/one", {"role": "owner"})
    assert len(right.json()["rights"]) == 2
    assert author.call("DELETE", f"{ORG}/teams/dev/rights/@piers/one").status_code == 200
    expect_problem(
        author.call("DELETE", f"{ORG}/teams/dev/rights/@piers/one"), 404, "unknown-team-right"
    )
    assert author.call("DELETE", f"{ORG}/teams/dev/members/mia").json()["members"] == []
    assert mia.get(f"{ORG}/teams").json()["teams"] == [{"name": "dev", "memberCount": 0}]
    assert author.call("DELETE", f"{ORG}/teams/dev").status_code == 200
    expect_problem(mia.get(f"{ORG}/teams/dev"), 404, "unknown-team")


def test_a_robot_has_tokens(author: Api) -> None:
    assert author.post(f"{ORG}/robots", {"name": "ci"}).json()["username"] == "harbor+ci"
    body = {"name": "ci", "scopes": ["read"], "days": 30}
    text = author.post(f"{ORG}/robots/harbor+ci/tokens", body).json()["token"]
    robot = Api(text)
    assert robot.get("/me").json()["username"] == "harbor+ci"
    assert author.call("DELETE", f"{ORG}/robots/harbor+ci").status_code == 200
    expect_problem(robot.get("/me"), 401, "invalid-token")
    assert author.get(f"{ORG}/robots").json()["robots"] == []


def test_tokens_with_limits_manage_no_organization(author: Api) -> None:
    limited = sign_in("ada", "manage", limit="@harbor")
    for call in (
        limited.post("/organizations", {"name": "other-one"}),
        limited.post(f"{ORG}/teams", {"name": "dev"}),
        sign_in("ada", "read").post(f"{ORG}/teams", {"name": "dev"}),
    ):
        expect_problem(call, 403, "token-scope")


def test_an_organization_is_deleted(author: Api) -> None:
    mia = join(author, "mia", "manager")
    assert author.post(f"{ORG}/teams", {"name": "dev"}).status_code == 201
    author.post(f"{ORG}/robots", {"name": "ci"})
    body = {"name": "ci", "scopes": ["read"]}
    robot = Api(author.post(f"{ORG}/robots/harbor+ci/tokens", body).json()["token"])
    limited = sign_in("mia", "read", limit="org:harbor")
    author.post("/scopes", {"name": "piers", "owner": "harbor"})
    author.post(f"{ORG}/invitations", {"addressee": "sam@example.test", "role": "member"})
    assert robot.get("/me").status_code == limited.get("/me").status_code == 200
    expect_problem(delete(mia), 403, "organization-role")
    expect_problem(delete(sign_in("sam")), 403, "organization-role")
    expect_problem(delete(author, "harbour"), 400, "invalid-organization-request")
    expect_problem(author.call("DELETE", ORG), 400, "invalid-organization-request")
    assert delete(author).json() == {"organization": "harbor", "deleted": True}
    for api in (robot, limited):
        expect_problem(api.get("/me"), 401, "invalid-token")
    for answer in (Api().get(ORG), author.get(f"{ORG}/teams"), delete(author)):
        expect_problem(answer, 404, "unknown-organization")
    assert author.get("/me/organizations").json() == {"memberships": [], "invitations": []}
    # The log keeps what was done, and who lost a membership.
    entries = AuditEntry.objects.filter(target_name="harbor")
    assert entries.filter(action="organization.deleted").count() == 1
    assert entries.filter(action="organization.removed").count() == 2
    assert entries.filter(action="robot.deleted").count() == 1


def test_the_names_of_a_deleted_organization_stay_reserved(author: Api) -> None:
    author.post("/scopes", {"name": "piers", "owner": "harbor"})
    assert delete(author).status_code == 200
    expect_problem(author.post("/organizations", {"name": "harbor"}), 409, "owner-name-taken")
    judge = Api(create_api_token(create_user("judge", is_superuser=True, is_staff=True)))
    for api in (author, judge):
        for name in ("harbor", "piers"):
            expect_problem(api.post("/scopes", {"name": name}), 403, "scope-denied")
            expect_problem(api.publish(build_package(f"@{name}/one")), 403, "scope-denied")
    expect_problem(
        judge.post("/scopes", {"name": "new-one", "owner": "harbor"}), 404, "unknown-user"
    )
    for path in ("/@harbor", "/@piers", "/organizations/harbor/members", "/users/harbor"):
        assert Client().get(path).status_code == 404


def test_an_organization_with_plugins_is_not_deleted(author: Api) -> None:
    publisher = Publisher(User.objects.get(username="ada"))
    publisher.publish("@harbor/one")
    publisher.publish("@harbor/two")
    problem = expect_problem(delete(author), 409, "organization-in-use")
    assert "`@harbor/one`, `@harbor/two`" in problem["detail"]
    assert author.get(f"{ORG}/members").json()["members"]


def test_the_other_owners_get_a_mail_about_the_deletion(author: Api) -> None:
    harbor = Organization.objects.get()
    people = {
        "olaf": ("owner", {}),
        "mia": ("manager", {}),
        "una": ("owner", {"is_verified": False}),
        "cleo": ("owner", {"is_active": False}),
    }
    for name, (role, values) in people.items():
        harbor.memberships.create(user=create_user(name, **values), role=role)
    assert delete(author, "habour").status_code == 400
    assert not mail.outbox
    assert delete(author).status_code == 200
    (sent,) = mail.outbox
    assert sent.to == ["olaf@example.test"]
    assert "The organization harbor is deleted" in sent.subject
    assert "ada deleted the organization harbor" in sent.body


def delete(api: Api, name: str = "harbor") -> Any:
    return api.call("DELETE", f"{ORG}?confirmation={name}")
