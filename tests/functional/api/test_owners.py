"""`/plugins/{name}/owners` and `/me/invitations`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, User
from common.rate_limits import get_limiter
from registry.actions.invite_member import invite_member
from registry.actions.remove_member import remove_member
from registry.errors import UnknownPluginError
from registry.models import Invitation, JournalEntry, Member, Plugin, Role, Scope
from registry.publishing.sweep import delete_ended_invitations
from tests.functional.api.calls import Api, expect_problem
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher, build_package

NAME = "@ada/chat"
OWNERS = f"/plugins/{NAME}/owners"


@pytest.fixture(scope="module")
def plugin(module_publisher: Publisher) -> Plugin:
    """A published plugin of `ada`."""
    return module_publisher.publish(NAME).plugin


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """The owner of the plugin."""
    return module_publisher.copy_actor()


@pytest.fixture
def guest(outsider: User) -> Api:
    """The account `mallory`, whom the tests invite."""
    return Api(create_api_token(outsider))


def invite(author: Api, username: str = "mallory", role: str = "owner") -> dict[str, Any]:
    response = author.post(OWNERS, {"username": username, "role": role})
    assert response.status_code == 201, response.content
    document: dict[str, Any] = response.json()
    return document


def accept(guest: Api, invitation: dict[str, Any]) -> Any:
    return guest.post(f"/me/invitations/{invitation['id']}/accept")


def list_roles(caller: Api) -> dict[str, str]:
    return {m["username"]: m["role"] for m in caller.get(OWNERS).json()["members"]}


def add_member(username: str, role: Role) -> Api:
    """Return a member, invited and accepted in earlier tests."""
    user = create_user(username)
    Member.objects.create(plugin=Plugin.objects.get(name=NAME), holder=user.owner, role=role)
    return Api(create_api_token(user))


@pytest.mark.usefixtures("plugin")
def test_an_invitation_has_no_effect_until_it_is_accepted(
    api: Api, author: Api, guest: Api, outsider: User, mailoutbox: list[Any]
) -> None:
    invitation = invite(author)
    assert invitation["plugin"] == "@ada/chat"
    assert (invitation["username"], invitation["role"]) == ("mallory", "owner")
    assert invitation["invitedBy"] == "ada"
    expect_problem(guest.publish(build_package(NAME, "2.0.0")), 403, "not-a-member")
    expect_problem(guest.call("PATCH", "/plugins/@ada/chat", {"tags": []}), 403, "not-a-member")
    assert list_roles(api) == {"ada": "owner"}
    assert api.get("/plugins/@ada/chat").json()["owners"] == ["ada"]
    assert guest.get("/me/invitations").json() == {"invitations": [invitation]}

    [mail] = mailoutbox
    assert mail.to == [outsider.email]
    assert "ada invites your account mallory" in mail.body
    assert "/account#invitations" in mail.body

    assert accept(guest, invitation).json()["role"] == "owner"
    assert list_roles(api) == {"ada": "owner", "mallory": "owner"}
    assert api.get("/plugins/@ada/chat").json()["owners"] == ["ada", "mallory"]
    assert guest.get("/me/invitations").json() == {"invitations": []}
    assert guest.publish(build_package(NAME, "2.0.0")).status_code == 202
    entry = JournalEntry.objects.filter(event="plugin.owners-changed").get()
    assert (entry.plugin, entry.data) == ("@ada/chat", {"owners": ["ada", "mallory"]})
    actions = AuditEntry.objects.filter(target="@ada/chat").values_list("action", "actor_name")
    assert {("member.invited", "ada"), ("member.joined", "mallory")} <= set(actions)
    expect_problem(accept(guest, invitation), 404, "unknown-invitation")


@pytest.mark.usefixtures("plugin")
def test_only_members_see_invitations(api: Api, author: Api, guest: Api) -> None:
    invitation = invite(author)
    for caller in (api, guest):
        response = caller.get(OWNERS)
        assert response.json()["invitations"] is None
        assert response.headers["Cache-Control"] == "public, no-cache"
    response = author.get(OWNERS)
    assert response.json()["invitations"] == [invitation]
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.usefixtures("plugin")
def test_an_invitation_can_be_declined_and_withdrawn(author: Api, guest: Api) -> None:
    invitation = invite(author)
    declined = guest.post(f"/me/invitations/{invitation['id']}/decline")
    assert declined.json() == invitation
    expect_problem(accept(guest, invitation), 404, "unknown-invitation")
    invitation = invite(author)
    response = author.call("DELETE", f"{OWNERS}/mallory")
    assert response.json()["removed"] == "invitation"
    expect_problem(accept(guest, invitation), 404, "unknown-invitation")
    expect_problem(author.call("DELETE", f"{OWNERS}/mallory"), 404, "unknown-invitation")
    assert not Invitation.objects.exists()
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert {"invitation.declined", "invitation.withdrawn"} <= set(actions)


@pytest.mark.usefixtures("plugin")
def test_an_invitation_expires(author: Api, guest: Api, outsider: User) -> None:
    invitation = invite(author)
    Invitation.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    expect_problem(accept(guest, invitation), 404, "unknown-invitation")
    assert author.get(OWNERS).json()["invitations"] == []
    assert guest.get("/me/invitations").json() == {"invitations": []}
    assert accept(guest, invite(author)).status_code == 200


@pytest.mark.usefixtures("plugin")
def test_an_invitation_ends_with_the_account_of_its_sender(
    author: Api, guest: Api, owner: User
) -> None:
    invitation = invite(author)
    owner.is_active = False
    owner.save()
    expect_problem(accept(guest, invitation), 404, "unknown-invitation")


@pytest.mark.usefixtures("plugin")
def test_an_invitation_ends_with_the_right_to_send_it(
    author: Api, guest: Api, judge: Api, moderator: User
) -> None:
    """A moderator who is none any longer leaves no ownership behind."""
    invitation = invite(judge)
    moderator.is_moderator = False
    moderator.save()
    expect_problem(accept(guest, invitation), 404, "unknown-invitation")
    assert guest.get("/me/invitations").json() == {"invitations": []}
    assert author.get(OWNERS).json()["invitations"] == []
    assert accept(guest, invite(author)).status_code == 200


@pytest.mark.usefixtures("plugin")
def test_an_invitation_of_a_moderator_ends_with_a_lower_role(
    guest: Api, judge: Api, moderator: User
) -> None:
    """Moderators have only their role in their own plugins."""
    invitation = invite(judge)
    plugin = Plugin.objects.get(name=NAME)
    Member.objects.create(plugin=plugin, holder=moderator.owner, role=Role.MAINTAINER)
    expect_problem(accept(guest, invitation), 404, "unknown-invitation")


@pytest.mark.usefixtures("plugin")
def test_ended_invitations_are_deleted(author: Api, guest: Api) -> None:
    pending = invite(author)
    invite(author, create_user("late").username)
    past = timezone.now() - dt.timedelta(seconds=1)
    Invitation.objects.exclude(pk=pending["id"]).update(expires_at=past)
    assert delete_ended_invitations() == 1
    assert guest.get("/me/invitations").json() == {"invitations": [pending]}


@pytest.mark.usefixtures("plugin")
def test_the_list_of_invitations_is_bounded(guest: Api, outsider: User, moderator: User) -> None:
    """Anybody may invite, so an account may have any number."""
    plugins = Plugin.objects.bulk_create(
        Plugin(name=f"many-{number}", collision_key=f"many{number}", kind="service")
        for number in range(101)
    )
    Invitation.objects.bulk_create(
        Invitation(
            plugin=plugin,
            user=outsider,
            role=Role.OWNER,
            invited_by=moderator,
            expires_at=timezone.now() + dt.timedelta(days=1),
        )
        for plugin in plugins
    )
    listed = guest.get("/me/invitations").json()["invitations"]
    assert len(listed) == 100
    assert listed[0]["plugin"] == "many-100"
    # The answer to one shows the next one.
    assert guest.post(f"/me/invitations/{listed[0]['id']}/decline").status_code == 200
    assert guest.get("/me/invitations").json()["invitations"][-1]["plugin"] == "many-0"


def test_the_name_of_a_plugin_is_freed_meanwhile(owner: User, outsider: User) -> None:
    """Its row is gone when the lock is taken."""
    gone = Plugin(pk=999_999, name="@ada/gone")
    with pytest.raises(UnknownPluginError):
        remove_member(actor=owner, plugin=gone, username="ada")
    outsider.is_moderator = True
    with pytest.raises(UnknownPluginError):
        invite_member(actor=outsider, plugin=gone, username="ada", role=Role.OWNER)


@pytest.mark.usefixtures("plugin")
def test_refused_invitations(author: Api, guest: Api, stranger: Api, judge: Api) -> None:
    def refuse(caller: Api, status: int, code: str, **body: Any) -> dict[str, Any]:
        values = {"username": "mallory", "role": "publisher", **body}
        return expect_problem(caller.post(OWNERS, values), status, code)

    refuse(author, 404, "unknown-user", username="nobody-here")
    refuse(author, 409, "already-member", username="ada")
    refuse(author, 400, "invalid", role="king")
    refuse(author, 400, "invalid", username="a\0b")
    refuse(author, 400, "invalid", username=None)
    refuse(Api(), 401, "unauthenticated")
    refuse(guest, 403, "not-a-member")
    refuse(judge, 403, "not-a-member", username="maude")
    create_user("closed", is_active=False)
    refuse(author, 404, "unknown-user", username="closed")
    invite(author, role="publisher")
    refuse(author, 409, "already-invited")
    add_member("mia", Role.MAINTAINER)
    assert "Change the role" in refuse(author, 409, "already-member", username="mia")["hint"]
    expect_problem(author.post("/plugins/nope/owners", {}), 404, "unknown-plugin")
    assert Invitation.objects.count() == 1


@pytest.mark.usefixtures("plugin")
def test_invitations_of_other_accounts_are_unknown(author: Api, judge: Api) -> None:
    create_user("mallory")
    number = invite(author)["id"]
    for path in (f"{number}/accept", f"{number}/decline", "0/accept", f"{10**30}/accept"):
        expect_problem(judge.post(f"/me/invitations/{path}"), 404, "unknown-invitation")


@pytest.mark.usefixtures("plugin")
def test_an_address_must_be_verified(author: Api, outsider: User, mailoutbox: list[Any]) -> None:
    """An unverified address may be that of a stranger, and cannot publish."""
    guest = Api(create_api_token(outsider))
    outsider.is_verified = False
    outsider.save()
    invitation = invite(author)
    assert mailoutbox == []
    expect_problem(accept(guest, invitation), 403, "email-not-verified")
    assert guest.post(f"/me/invitations/{invitation['id']}/decline").status_code == 200


@pytest.mark.usefixtures("plugin")
def test_only_owners_change_members(author: Api, outsider: User) -> None:
    for name, role in (("mia", Role.MAINTAINER), ("pete", Role.PUBLISHER)):
        caller = add_member(name, role)
        body = {"username": "mallory", "role": "publisher"}
        expect_problem(caller.post(OWNERS, body), 403, "not-a-member")
        expect_problem(caller.call("DELETE", f"{OWNERS}/ada"), 403, "not-a-member")
        change = caller.call("PATCH", f"{OWNERS}/{name}", {"role": "publisher"})
        expect_problem(change, 403, "not-a-member")
    assert list(list_roles(author)) == ["ada", "mia", "pete"]


@pytest.mark.usefixtures("plugin")
def test_the_last_owner_stays(author: Api, judge: Api) -> None:
    """Also for moderators, and if the account of the other owner is closed."""
    closed = add_member("olga", Role.OWNER)
    User.objects.filter(username="olga").update(is_active=False)
    for caller in (author, judge):
        expect_problem(caller.call("DELETE", f"{OWNERS}/ada"), 409, "last-owner")
        change = caller.call("PATCH", f"{OWNERS}/ada", {"role": "maintainer"})
        expect_problem(change, 409, "last-owner")
    expect_problem(closed.call("DELETE", f"{OWNERS}/olga"), 401, "invalid-token")
    assert author.call("DELETE", f"{OWNERS}/olga").json()["removed"] == "member"


@pytest.mark.usefixtures("plugin")
def test_a_transfer(api: Api, author: Api, guest: Api) -> None:
    """The receiver accepts, then the giver leaves, and loses all rights."""
    assert accept(guest, invite(author)).status_code == 200
    assert author.call("DELETE", f"{OWNERS}/ada").json() == {
        "name": "@ada/chat",
        "username": "ada",
        "removed": "member",
    }
    assert list_roles(api) == {"mallory": "owner"}
    assert api.get("/plugins/@ada/chat").json()["owners"] == ["mallory"]
    expect_problem(author.publish(build_package(NAME, "2.0.0")), 403, "not-a-member")
    expect_problem(author.post("/plugins/@ada/chat/1.0.0/yank", {}), 403, "not-a-member")
    expect_problem(author.post(OWNERS, {"username": "x", "role": "owner"}), 403, "not-a-member")
    assert AuditEntry.objects.filter(action="member.left", actor_name="ada").count() == 1


@pytest.mark.usefixtures("plugin")
def test_a_removed_member_takes_invitations_along(author: Api, guest: Api, api: Api) -> None:
    """The token of a removed member loses its rights at once, and nobody joins on its word."""
    assert accept(guest, invite(author)).status_code == 200
    create_user("friend")
    friend = Api(create_api_token(User.objects.get(username="friend")))
    invitation = invite(guest, "friend", "publisher")
    assert author.call("DELETE", f"{OWNERS}/mallory").status_code == 200
    expect_problem(guest.publish(build_package(NAME, "2.0.0")), 403, "not-a-member")
    expect_problem(guest.call("PATCH", "/plugins/@ada/chat", {"tags": []}), 403, "not-a-member")
    expect_problem(accept(friend, invitation), 404, "unknown-invitation")
    assert api.get("/plugins/@ada/chat").json()["owners"] == ["ada"]


@pytest.mark.usefixtures("plugin")
def test_owners_cannot_take_a_plugin_from_the_owner_of_its_scope(
    author: Api, guest: Api, judge: Api
) -> None:
    assert Scope.objects.get().owner.name == "ada"
    assert accept(guest, invite(author)).status_code == 200
    expect_problem(guest.call("DELETE", f"{OWNERS}/ada"), 403, "scope-owner")
    change = guest.call("PATCH", f"{OWNERS}/ada", {"role": "publisher"})
    expect_problem(change, 403, "scope-owner")
    assert judge.call("DELETE", f"{OWNERS}/ada").status_code == 200


@pytest.mark.usefixtures("plugin")
def test_roles_change_at_once_except_to_owner(author: Api, api: Api) -> None:
    mia = add_member("mia", Role.PUBLISHER)
    path = f"{OWNERS}/mia"
    assert author.call("PATCH", path, {"role": "maintainer"}).json()["role"] == "maintainer"
    assert mia.post("/plugins/@ada/chat/1.0.0/yank", {"reason": "x"}).status_code == 200
    refused = author.call("PATCH", path, {"role": "owner"})
    expect_problem(refused, 409, "invitation-required")
    assert accept(mia, invite(author, "mia")).json()["role"] == "owner"
    assert list_roles(api) == {"ada": "owner", "mia": "owner"}
    # An owner who steps down takes the pending invitations along, and loses them.
    invite(mia, create_user("friend").username)
    assert mia.call("PATCH", path, {"role": "publisher"}).json()["role"] == "publisher"
    assert author.get(OWNERS).json()["invitations"] == []
    assert api.get("/plugins/@ada/chat").json()["owners"] == ["ada"]
    # The role that is set last counts.
    invitation = invite(author, "mia")
    assert author.call("PATCH", path, {"role": "publisher"}).status_code == 200
    expect_problem(accept(mia, invitation), 404, "unknown-invitation")
    expect_problem(
        author.call("PATCH", f"{OWNERS}/nobody", {"role": "owner"}), 404, "unknown-member"
    )
    expect_problem(
        author.call("PATCH", f"{OWNERS}/a%00b", {"role": "owner"}), 404, "unknown-member"
    )


@pytest.mark.usefixtures("plugin")
def test_tokens_need_manage_and_their_limit(owner: User, outsider: User) -> None:
    body = {"username": "mallory", "role": "owner"}
    for scopes, limit in ((("read", "publish"), ""), (("manage",), "@ada/other")):
        caller = Api(create_api_token(owner, *scopes, limit=limit))
        expect_problem(caller.post(OWNERS, body), 403, "token-scope")
        expect_problem(caller.call("DELETE", f"{OWNERS}/ada"), 403, "token-scope")
        expect_problem(caller.call("PATCH", f"{OWNERS}/ada", {}), 403, "token-scope")
    invitation = invite(Api(create_api_token(owner, "manage", limit="@ada")))
    for scopes, limit in ((("read",), ""), (("manage",), "@mallory")):
        guest = Api(create_api_token(outsider, *scopes, limit=limit))
        expect_problem(accept(guest, invitation), 403, "token-scope")
        decline = guest.post(f"/me/invitations/{invitation['id']}/decline")
        expect_problem(decline, 403, "token-scope")
    publisher = Api(create_api_token(outsider, "publish"))
    expect_problem(publisher.get("/me/invitations"), 403, "token-scope")
    guest = Api(create_api_token(outsider, "manage", limit="@ada/chat"))
    assert accept(guest, invitation).status_code == 200


@pytest.mark.usefixtures("plugin")
def test_a_token_reads_about_its_own_plugins_only(
    author: Api, guest: Api, owner: User, outsider: User
) -> None:
    """With another token, the page of a plugin is the one that everybody sees."""
    invitation = invite(author)
    draft = "/plugins/@ada/draft/owners"
    assert author.publish(build_package("@ada/draft")).status_code == 202
    for scopes, limit in ((("publish",), ""), (("read", "manage"), "@ada/other"), (("read",), "x")):
        caller = Api(create_api_token(owner, *scopes, limit=limit))
        response = caller.get(OWNERS)
        assert response.json()["invitations"] is None
        assert response.headers["Cache-Control"] == "public, no-cache"
        expect_problem(caller.get(draft), 404, "unknown-plugin")
    for scopes, limit in ((("read",), ""), (("manage",), "@ada")):
        caller = Api(create_api_token(owner, *scopes, limit=limit))
        assert caller.get(OWNERS).json()["invitations"] == [invitation]
        assert caller.get(draft).status_code == 200
    for limit, listed in (("@ada/chat", [invitation]), ("@ada", [invitation]), ("@mallory", [])):
        caller = Api(create_api_token(outsider, "read", limit=limit))
        assert caller.get("/me/invitations").json() == {"invitations": listed}


@pytest.mark.usefixtures("plugin")
def test_limits(author: Api, settings: Any, mailoutbox: list[Any]) -> None:
    """Pending invitations of a plugin, invitations of a sender, mails to an account."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "invitation": "22/day"}
    for number in range(20):
        invite(author, create_user(f"guest-{number}").username, "publisher")
    body = {"username": create_user("one-more").username, "role": "publisher"}
    expect_problem(author.post(OWNERS, body), 403, "invitation-limit")
    mailoutbox.clear()
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "invitation-mail": "2/day"}
    for _ in range(2):
        author.call("DELETE", f"{OWNERS}/guest-0")
        invite(author, "guest-0")
    author.call("DELETE", f"{OWNERS}/guest-0")
    # As if requests from many networks had displaced each other.
    get_limiter("read").storage.reset()
    problem = expect_problem(
        author.post(OWNERS, {"username": "guest-0", "role": "owner"}), 429, "rate-limited"
    )
    assert "22 invitation requests" in problem["detail"]
    assert len(mailoutbox) == 2
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "invitation": "99/day"}
    invite(author, "guest-0")
    assert len(mailoutbox) == 2


def test_a_plugin_without_a_public_release(author: Api, api: Api, guest: Api, judge: Api) -> None:
    """Its members can invite others, and nobody else learns of it, also not after acceptance."""
    assert author.publish(build_package("@ada/draft")).status_code == 202
    path = "/plugins/@ada/draft/owners"
    invitation = author.post(path, {"username": "mallory", "role": "owner"}).json()
    for caller in (api, guest):
        expect_problem(caller.get(path), 404, "unknown-plugin")
    expect_problem(guest.post(path, {}), 404, "unknown-plugin")
    assert judge.get(path).status_code == 200
    assert accept(guest, invitation).status_code == 200
    assert len(guest.get(path).json()["members"]) == 2
    expect_problem(api.get("/plugins/@ada/draft"), 404, "unknown-plugin")
    assert not JournalEntry.objects.filter(plugin="@ada/draft").exists()


@pytest.mark.usefixtures("plugin")
def test_moderators_find_new_owners(judge: Api, guest: Api, api: Api, owner: User) -> None:
    """For a plugin whose owner has closed the account."""
    owner.is_active = False
    owner.save()
    assert accept(guest, invite(judge)).status_code == 200
    assert judge.call("DELETE", f"{OWNERS}/ada").status_code == 200
    assert list_roles(api) == {"mallory": "owner"}


@pytest.mark.usefixtures("plugin")
def test_moderators_have_only_their_role_in_their_own_plugins(
    author: Api, judge: Api, moderator: User
) -> None:
    """Superusers may do everything."""
    create_user("mallory")
    member = Member.objects.create(
        plugin=Plugin.objects.get(name=NAME), holder=moderator.owner, role=Role.MAINTAINER
    )
    body = {"username": "mallory", "role": "owner"}
    expect_problem(judge.post(OWNERS, body), 403, "not-a-member")
    expect_problem(judge.call("DELETE", f"{OWNERS}/ada"), 403, "not-a-member")
    member.role = Role.OWNER
    member.save()
    expect_problem(judge.call("DELETE", f"{OWNERS}/ada"), 403, "scope-owner")
    moderator.is_superuser = True
    moderator.save()
    assert judge.call("DELETE", f"{OWNERS}/ada").status_code == 200
    assert list(list_roles(author)) == ["maude"]
