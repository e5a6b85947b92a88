"""The page of a plugin's members, and invitations on the account page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from accounts.models import User
from registry.models import Invitation, Member, Plugin, Role
from tests.functional.pages.browsing import sign_in
from tests.functional.pages.dom import Node, parse
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes

PAGE = "/plugins/@acme/chat/owners"


@pytest.fixture(scope="module")
def plugin(module_publisher: Publisher) -> Plugin:
    """A plugin of `acme`."""
    return module_publisher.publish("@acme/chat").plugin


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """The owner of the plugin."""
    return module_publisher.copy_actor()


@pytest.fixture
def guest(outsider: User) -> Client:
    """A client that is signed in as `mallory`, whom the tests invite."""
    return sign_in(outsider)


def send(client: Client, path: str = PAGE, **form: str) -> Node:
    response = client.post(path, form, follow=True)
    return parse(response.content.decode())


def invite(client: Client, username: str = "mallory", role: str = "owner") -> Node:
    return send(client, action="invite", username=username, role=role)


def list_members(page: Node) -> list[str]:
    return [row.text for row in page.by_class("member-name")]


@pytest.mark.usefixtures("plugin")
def test_everybody_sees_the_members(open_page: Any, guest: Client) -> None:
    Member.objects.create(
        plugin=Plugin.objects.get(), holder=create_user("mia").owner, role="publisher"
    )
    for client in (Client(), guest):
        page = open_page(PAGE, by=client)
        assert list_members(page) == ["acme owner", "mia publisher"]
        assert [form for form in page.all("form") if form.attrs.get("method") == "post"] == []
    assert PAGE in open_page("/plugins/@acme/chat").links


@pytest.mark.usefixtures("plugin")
def test_a_transfer(
    open_page: Any, owner_client: Client, guest: Client, index_now: Callable[[], int]
) -> None:
    page = invite(owner_client, "@Mallory ")
    assert "mallory is invited. Nothing changes until the invitation is accepted." in page.text
    assert "Pending invitations 1" in page.text
    assert "You are the last owner." in page.text
    account = open_page("/account", by=guest)
    assert "acme invites you to become an owner" in account.text
    number = Invitation.objects.get().pk
    page = send(guest, f"/account/invitations/{number}/accept")
    assert "You are now an owner of @acme/chat." in page.text
    assert "@acme/chat" in page.by_class("own")[0].text
    page = send(owner_client, action="remove", username="acme")
    assert "You are no longer a member of @acme/chat." in page.text
    assert list_members(page) == ["mallory owner"]
    page = open_page("/plugins/@acme/chat")
    assert "Owner mallory" in page.by_class("facts")[0].text
    # The search index follows.
    index_now()
    assert "/plugins/@acme/chat" in open_page("/@mallory").links
    # It is still in the scope of the former owner.
    assert open_page("/@acme").by_class("byline")[0].text == "by mallory"


@pytest.mark.usefixtures("plugin")
def test_an_invitation_is_declined(open_page: Any, owner_client: Client, guest: Client) -> None:
    invite(owner_client)
    number = Invitation.objects.get().pk
    page = send(guest, f"/account/invitations/{number}/decline")
    assert "You declined the invitation to @acme/chat." in page.text
    assert "Invitations" not in page.text
    page = send(guest, f"/account/invitations/{number}/accept")
    assert "Your account has no such invitation." in page.text
    assert not Member.objects.filter(holder__name="mallory").exists()


@pytest.mark.usefixtures("plugin")
def test_owners_change_roles_and_withdraw(owner_client: Client) -> None:
    mia = create_user("mia")
    Member.objects.create(plugin=Plugin.objects.get(), holder=mia.owner, role=Role.PUBLISHER)
    page = send(owner_client, action="change", username="mia", role="maintainer")
    assert "mia is now a maintainer." in page.text
    page = send(owner_client, action="change", username="mia", role="owner")
    assert "mia is invited to become an owner." in page.text
    assert list_members(page) == ["acme owner You", "mia maintainer", "mia owner"]
    page = send(owner_client, action="withdraw", username="mia")
    assert "The invitation of mia is withdrawn." in page.text
    page = send(owner_client, action="remove", username="mia")
    assert "mia is no longer a member of @acme/chat." in page.text
    assert list_members(page) == ["acme owner You"]


@pytest.mark.usefixtures("plugin")
def test_a_member_can_leave(open_page: Any, outsider: User, guest: Client) -> None:
    Member.objects.create(plugin=Plugin.objects.get(), holder=outsider.owner, role=Role.PUBLISHER)
    page = open_page(PAGE, by=guest)
    assert [node.text for node in page.by_class("member-edit")[0].all("button")] == [
        "Leave @acme/chat"
    ]
    assert page.by_class("form") == []
    assert "You are no longer a member" in send(guest, action="remove", username="mallory").text


@pytest.mark.usefixtures("plugin")
def test_refusals_are_explained(owner_client: Client, guest: Client) -> None:
    invite(owner_client, role="publisher")
    for username, words in (
        ("nobody-here", "No account is named nobody-here"),
        ("acme", "acme is a member of @acme/chat"),
        ("mallory", "has not answered an earlier invitation"),
        ("", "This field is required."),
        ("a\0b", "Null characters are not allowed."),
    ):
        response = owner_client.post(
            PAGE, {"action": "invite", "username": username, "role": "owner"}
        )
        assert response.status_code in (400, 404, 409)
        assert words in parse(response.content.decode()).by_class("errorlist")[0].text
    page = send(owner_client, action="remove", username="acme")
    assert "acme is the last owner of" in page.text
    assert (
        "Only owners may change the members" in send(guest, action="remove", username="acme").text
    )
    for form in (
        {},
        {"action": "remove"},
        {"action": "give", "username": "acme"},
        {"action": "change", "username": "acme"},
    ):
        assert "The form is not complete." in send(owner_client, **form).text
    assert "no pending invitation" in send(owner_client, action="withdraw", username="x").text


@pytest.mark.usefixtures("plugin")
def test_changes_need_a_session_and_a_csrf_token(
    client: Client, owner: User, owner_client: Client
) -> None:
    assert unquote(client.post(PAGE, {"action": "remove"}).url) == f"/login?next={PAGE}"
    invite(owner_client, create_user("mia").username)
    number = Invitation.objects.get().pk
    answer = f"/account/invitations/{number}/accept"
    assert client.post(answer).url == f"/login?next={answer}"
    assert owner_client.get(answer).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    for path in (PAGE, answer):
        assert strict.post(path, {"action": "remove", "username": "acme"}).status_code == 403


def test_a_plugin_without_a_public_release(
    open_page: Any, owner: User, owner_client: Client, guest: Client, outsider: User
) -> None:
    publish_bytes(owner, build_package("@acme/draft"))
    path = "/plugins/@acme/draft/owners"
    open_page(path, status=404, by=guest)
    assert list_members(open_page(path, by=owner_client)) == ["acme owner You"]
    plugin = Plugin.objects.get(name="@acme/draft")
    Member.objects.create(plugin=plugin, holder=outsider.owner, role=Role.OWNER)
    response = guest.post(path, {"action": "remove", "username": "mallory"})
    assert response.url == "/account"
