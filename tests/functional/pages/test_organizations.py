"""The pages of organizations: what each role sees, and what the buttons do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.actions.domains.add_domain import add_domain
from accounts.actions.organizations.invitations import invite_person
from accounts.actions.organizations.robots import create_robot
from accounts.actions.set_password import set_password
from accounts.models import (
    AuditEntry,
    Organization,
    OrganizationInvitation,
    OrganizationRole,
    Token,
    User,
)
from tests.functional.pages.browsing import send_for_message as send
from tests.functional.pages.conftest import Open
from tests.support.organizations import build_organization
from tests.support.people import create_user
from tests.support.publishing import Publisher

MEMBERS = "/organizations/harbor/members"
TEAMS = "/organizations/harbor/teams"
ROBOTS = "/organizations/harbor/robots"
DOMAINS = "/organizations/harbor/domains"
SETTINGS = "/organizations/harbor/settings"
SSO = "/organizations/harbor/sso"
PROVISIONING = "/organizations/harbor/provisioning"
PUBLISHING = "/organizations/harbor/publishing"
LOG = "/organizations/harbor/log"


@pytest.fixture
def harbor(owner: User) -> Organization:
    return build_organization(owner, "harbor", mina="manager", mel="member")


def sign_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def test_an_organization_is_created(owner: User, open_page: Open) -> None:
    client = sign_in("acme")
    response = client.post("/account/organizations", {"name": "harbor", "displayName": "Harbor"})
    assert response.headers["Location"] == MEMBERS
    assert "harbor" in open_page("/account/organizations", by=client).text
    assert "Organization" in open_page("/@harbor").text
    assert Client().get("/users/harbor").headers["Location"] == "/@harbor"
    taken = client.post("/account/organizations", {"name": "harbor"})
    assert taken.status_code == 409
    assert b"has or had the name" in taken.content


@pytest.mark.parametrize(
    ("name", "tabs"),
    [
        ("", {MEMBERS}),
        ("mallory", {MEMBERS}),
        ("mel", {MEMBERS, TEAMS, ROBOTS, PUBLISHING}),
        ("mina", {MEMBERS, TEAMS, ROBOTS, PUBLISHING, LOG}),
        (
            "acme",
            {MEMBERS, TEAMS, ROBOTS, PUBLISHING, LOG, DOMAINS, SETTINGS, SSO, PROVISIONING},
        ),
    ],
)
def test_each_role_sees_its_tabs(
    harbor: Organization, outsider: User, open_page: Open, name: str, tabs: set[str]
) -> None:
    client = sign_in(name) if name else Client()
    page = open_page(MEMBERS, by=client)
    assert {link for link in page.links if link.startswith("/organizations/")} == tabs
    assert ("mina" in page.one("main").text) is (name not in ("", "mallory"))
    statuses = {
        path: client.get(path).status_code
        for path in (TEAMS, ROBOTS, PUBLISHING, LOG, DOMAINS, SETTINGS, SSO, PROVISIONING)
    }
    allowed = {path for path, status in statuses.items() if status == 200}
    assert allowed == tabs - {MEMBERS}
    assert set(statuses.values()) <= {200, 403, 404, 302}


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
    robot = f"{ROBOTS}/harbor+ci"
    assert robot in open_page(ROBOTS, by=client).links
    shown = client.post(robot, {"action": "token", "name": "ci"})
    assert re.search(rb"pp_\w{20,}", shown.content)
    assert not re.search(rb"pp_\w{20,}", client.get(robot).content)
    token = Token.objects.get(user__username="harbor+ci")
    rotated = client.post(robot, {"action": "rotate", "id": token.pk})
    assert re.search(rb"pp_\w{20,}", rotated.content)
    assert "no such token" in send(client, robot, action="rotate", id=str(token.pk))
    fresh = Token.objects.get(user__username="harbor+ci", revoked_at=None)
    assert "was revoked" in send(client, robot, action="revoke", id=str(fresh.pk))
    assert "no tokens" in open_page(robot, by=client).text
    assert sign_in("mel").get(robot).status_code == 403
    assert client.get(f"{ROBOTS}/harbor+other").status_code == 404
    assert f"{LOG}?actor=harbor%2Bci" in open_page(robot, by=client).links
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
    with django_assert_num_queries(6):
        client.get("/@harbor")
    mina = sign_in("mina")
    with django_assert_num_queries(8):
        mina.get(MEMBERS)


def test_owners_register_issuers(harbor: Organization, open_page: Open) -> None:
    acme = sign_in("acme")
    assert "No issuer" in open_page(PUBLISHING, by=acme).text
    url = "https://ci.example.test"
    assert send(acme, PUBLISHING, action="add", url=url) == (
        f"{url} is registered for the plugins of harbor."
    )
    assert acme.post(PUBLISHING, {"action": "add", "url": "http://x.test"}).status_code == 400
    mel = sign_in("mel")
    page = open_page(PUBLISHING, by=mel)
    assert url in page.text
    assert not page.one("main").all("form")
    number = str(harbor.owner.issuers.get().pk)
    assert "may not change" in send(mel, PUBLISHING, action="remove", id=number)
    assert "no longer" in send(acme, PUBLISHING, action="remove", id=number)
    assert "no such issuer" in send(acme, PUBLISHING, action="remove", id=number)


def test_the_log_filters_and_exports(harbor: Organization, open_page: Open) -> None:
    mina = sign_in("mina")
    assert "is created" in send(mina, TEAMS, action="create", name="dev")
    assert "is created" in send(mina, ROBOTS, action="create", name="ci")
    text = open_page(f"{LOG}?action=team.created", by=mina).text
    assert "A team was created" in text
    assert (
        "A robot was created"
        not in open_page(f"{LOG}?action=team.created", by=mina).one("section").text
    )
    for name in ("jsonl", "cef"):
        exported = mina.post(f"{LOG}/export", {"format": name}).getvalue()  # type: ignore[attr-defined]
        assert b"robot.created" in exported
        # Those of people are hidden, also those of the exporting manager's colleagues.
        assert b"organization.created" in exported
    assert sign_in("mel").post(f"{LOG}/export").status_code == 403


def test_an_organization_is_deleted(harbor: Organization, open_page: Open) -> None:
    acme = sign_in("acme")
    path = "/organizations/harbor/delete"
    assert path in open_page(SETTINGS, by=acme).links
    assert acme.post(path, {"confirmation": "harbour"}).status_code == 400
    assert sign_in("mina").get(path).status_code == 403
    add_domain(actor=User.objects.get(username="acme"), owner=harbor.owner, domain="harbor.org")
    assert send(acme, path, confirmation="harbor") == "The organization harbor is deleted."
    assert acme.get(MEMBERS).status_code == 404
    assert AuditEntry.rows.get(action="domain.removed").target_name == "harbor.org"


@pytest.mark.parametrize("path", [PROVISIONING, PUBLISHING, f"{ROBOTS}/harbor+ci"])
def test_a_form_that_was_not_kept_is_not_lost_in_silence(harbor: Organization, path: str) -> None:
    """The confirmation lapses while the page is open: the person must know that nothing was done."""
    acme = User.objects.get(username="acme")
    create_robot(actor=acme, organization=harbor, name="ci")
    client = sign_in("acme")
    session = client.session
    session["confirmed"] = [acme.pk, 0]
    session.save()
    response = client.post(path, {"action": "create", "name": "okta", "days": "30"})
    assert response.url.startswith("/account/confirm")
    assert "Your form was not kept" in client.get(response.url).content.decode()


def test_what_prevents_the_deletion_is_listed(
    harbor: Organization, publisher: Publisher, open_page: Open
) -> None:
    publisher.publish("@harbor/pier")
    page = open_page("/organizations/harbor/delete", by=sign_in("acme"))
    assert "@harbor/pier" in page.text
    assert not page.one("main").all("form")


def test_a_new_password_withdraws_invitations(harbor: Organization, owner: User) -> None:
    """A thief may have invited an accomplice."""
    invite_person(
        actor=owner,
        organization=harbor,
        addressee="guest@example.test",
        role=OrganizationRole.OWNER,
    )
    set_password(user=owner, password="another long password", by=None)
    assert not OrganizationInvitation.objects.exists()
    assert "guest@example.test" in str(mail.outbox[-1].body)
