"""The pages of organizations: what each role sees, and what the buttons do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.actions.organizations.invitations import invite_person
from accounts.models import Organization, OrganizationInvitation, OrganizationRole, User
from tests.functional.pages.conftest import Open
from tests.support.organizations import build_organization
from tests.support.people import create_user
from tests.support.publishing import Publisher

MEMBERS = "/organizations/harbor/members"
TEAMS = "/organizations/harbor/teams"
ROBOTS = "/organizations/harbor/robots"
DOMAINS = "/organizations/harbor/domains"
SETTINGS = "/organizations/harbor/settings"


@pytest.fixture
def harbor(owner: User) -> Organization:
    return build_organization(owner, "harbor", mina="manager", mel="member")


def sign_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def send(client: Client, path: str, **values: str) -> str:
    """Send a form; returns the message of the page that follows."""
    response = client.post(path, values, follow=True)
    assert response.status_code == 200, response.status_code
    return " ".join(str(message) for message in response.context["messages"])


def test_an_organization_is_created(owner: User, open_page: Open) -> None:
    client = sign_in("acme")
    response = client.post("/account/organizations", {"name": "harbor", "displayName": "Harbor"})
    assert response.headers["Location"] == MEMBERS
    assert "harbor" in open_page("/account/organizations", by=client).text
    assert "Organization" in open_page("/@harbor").text
    assert Client().get("/users/harbor").headers["Location"] == "/@harbor"
    taken = client.post("/account/organizations", {"name": "harbor"})
    assert taken.status_code == 409
    assert b"has the name" in taken.content


@pytest.mark.parametrize(
    ("name", "tabs"),
    [
        ("", {MEMBERS}),
        ("mallory", {MEMBERS}),
        ("mel", {MEMBERS, TEAMS, ROBOTS}),
        ("mina", {MEMBERS, TEAMS, ROBOTS}),
        ("acme", {MEMBERS, TEAMS, ROBOTS, DOMAINS, SETTINGS}),
    ],
)
def test_each_role_sees_its_tabs(
    harbor: Organization, outsider: User, open_page: Open, name: str, tabs: set[str]
) -> None:
    client = sign_in(name) if name else Client()
    page = open_page(MEMBERS, by=client)
    assert {link for link in page.links if link.startswith("/organizations/")} == tabs
    assert ("mina" in page.one("main").text) is (name not in ("", "mallory"))
    statuses = {path: client.get(path).status_code for path in (TEAMS, ROBOTS, DOMAINS, SETTINGS)}
    allowed = {path for path, status in statuses.items() if status == 200}
    assert allowed == tabs - {MEMBERS}
    assert set(statuses.values()) <= {200, 403, 302}


def test_a_person_is_invited_changed_and_removed(harbor: Organization, open_page: Open) -> None:
    create_user("guest")
    mina = sign_in("mina")
    assert "is invited" in send(mina, MEMBERS, action="invite", addressee="guest", role="member")
    guest = sign_in("guest")
    invitation = OrganizationInvitation.objects.get()
    page = open_page("/account/organizations", by=guest)
    path = f"/account/organizations/invitations/{invitation.pk}"
    assert {f"{path}/accept", f"{path}/decline"} <= {
        form.attrs["action"] for form in page.all("form")
    }
    assert send(guest, f"{path}/accept") == "You are now in harbor: member."
    assert "is now: billing" in send(
        mina, MEMBERS, action="change", username="guest", role="billing"
    )
    assert "Everybody sees" in send(guest, MEMBERS, action="show")
    assert "guest" in open_page("/@harbor").text
    assert "Only members see" in send(guest, MEMBERS, action="hide")
    assert "no role" in send(mina, MEMBERS, action="change", username="guest", role="king")
    assert "no longer a member" in send(mina, MEMBERS, action="remove", username="guest")
    assert "Only owners" in send(mina, MEMBERS, action="remove", username="acme")
    assert "not complete" in send(mina, MEMBERS, action="fly")


def test_an_invitation_by_mail(harbor: Organization, owner: User, open_page: Open) -> None:
    invite_person(
        actor=owner,
        organization=harbor,
        addressee="guest@example.test",
        role=OrganizationRole.MEMBER,
    )
    found = re.search(r"(/organizations/invitations/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    browser = Client()
    response = browser.get(found[1])
    assert response.headers["Location"] == "/account/organizations"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    thief = create_user("thief")
    browser.force_login(thief)
    page = browser.get("/account/organizations")
    assert b"another email address" in page.content
    guest = Client()
    guest.force_login(create_user("guest"))
    guest.get(found[1])
    page = guest.get("/account/organizations")
    assert b"another email address" not in page.content
    assert b"guest@example.test" in page.content
    unknown = Client()
    unknown.get("/organizations/invitations/unknown")
    assert "sessionid" not in unknown.cookies
    invitation = OrganizationInvitation.objects.get()
    assert "withdrawn" in send(
        sign_in("acme"), MEMBERS, action="withdraw", invitation=str(invitation.pk)
    )
    assert "no such invitation" in send(sign_in("acme"), MEMBERS, action="withdraw", invitation="x")


def test_teams_get_members_and_rights(harbor: Organization, owner: User, open_page: Open) -> None:
    Publisher(owner).publish("@harbor/chat")
    client, team = sign_in("acme"), f"{TEAMS}/dev"
    assert "is created" in send(client, TEAMS, action="create", name="dev")
    assert "not a valid name" in send(client, TEAMS, action="create", name="a b")
    assert "is in the team" in send(client, team, action="add", username="@mel")
    assert "has the role publisher" in send(
        client, team, action="give", target="@harbor", role="publisher"
    )
    assert "no role" in send(client, team, action="give", target="@harbor", role="king")
    page = open_page(team, by=sign_in("mel"))
    assert "@harbor" in page.text
    assert "/plugins/@harbor/chat/owners" in open_page("/account", by=sign_in("mel")).links
    assert "no right" in send(client, team, action="take", target="@harbor")
    assert "no longer in the team" in send(sign_in("mel"), team, action="remove", username="mel")
    assert "is deleted" in send(client, TEAMS, action="delete", team="dev")
    assert client.get(team).status_code == 404


def test_robots_get_tokens_that_are_shown_once(harbor: Organization, open_page: Open) -> None:
    client = sign_in("mina")
    assert "harbor+ci is created" in send(client, ROBOTS, action="create", name="ci")
    shown = client.post(ROBOTS, {"action": "token", "robot": "harbor+ci", "name": "ci"})
    assert re.search(rb"pp_\w{20,}", shown.content)
    assert not re.search(rb"pp_\w{20,}", client.get(ROBOTS).content)
    failed = send(client, ROBOTS, action="token", robot="harbor+other", name="ci")
    assert "no robot" in failed
    assert "is deleted" in send(client, ROBOTS, action="delete", robot="harbor+ci")
    sign_in_page = Client().post("/login", {"login": "harbor+ci", "password": "x" * 20})
    assert sign_in_page.status_code != 302


def test_the_profile_is_edited_by_owners(
    harbor: Organization, owner: User, open_page: Open
) -> None:
    client = sign_in("acme")
    values = {"displayName": "The Harbor", "description": "Ships.", "website": "https://h.example"}
    assert send(client, SETTINGS, **values) == "The profile is saved."
    page = open_page("/@harbor")
    assert "The Harbor" in page.text
    assert "https://h.example" in page.links
    assert client.post(SETTINGS, {"website": "javascript:alert(1)"}).status_code == 400
    assert sign_in("mina").post(SETTINGS, values).status_code == 403


def test_a_plugin_of_an_organization_names_it(
    harbor: Organization, owner: User, open_page: Open, index_now: Callable[[], int]
) -> None:
    Publisher(owner).publish("@harbor/chat")
    index_now()
    for path in ("/@harbor", "/plugins/@harbor/chat/owners"):
        assert "harbor" in open_page(path).one("main").text
    assert "/plugins/@harbor/chat" in open_page("/@harbor").links
    assert "/@harbor" in open_page("/plugins/@harbor/chat/owners").links


def test_queries_do_not_grow_with_the_members(
    harbor: Organization, django_assert_num_queries: Any
) -> None:
    client = Client()
    with django_assert_num_queries(2):
        client.get(MEMBERS)
    with django_assert_num_queries(5):
        client.get("/@harbor")
    mina = sign_in("mina")
    with django_assert_num_queries(7):
        mina.get(MEMBERS)
