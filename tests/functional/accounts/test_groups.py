"""Groups of the registry, and suspended accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.errors import InvalidTokenError
from accounts.models import AccountGroup, AuditEntry, Suspension, Token, User
from accounts.models.token import hash_token
from accounts.queries.tokens import lock_usable_token
from registry.models import Member, Plugin, Role
from tests.functional.pages.dom import Node
from tests.support.people import PASSWORD, bearer, create_api_token, create_user
from tests.support.publishing import Publisher

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_home")]
PATH = "/accounts/zoe"


@pytest.fixture
def zoe() -> User:
    return create_user("zoe")


def _sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def operator() -> Client:
    return _sign_in(create_user("olga", is_superuser=True, is_staff=True))


@pytest.fixture
def by_moderator() -> Client:
    return _sign_in(create_user("maude", is_moderator=True, is_staff=True))


def test_a_suspension_ends_sessions_tokens_and_uploads(
    by_moderator: Client, zoe: User, client: Client
) -> None:
    session, text = _sign_in(zoe), create_api_token(zoe)
    running = Token.objects.get(sha256=hash_token(text))
    assert session.get("/account").status_code == 200
    assert client.get("/api/v1/me", **bearer(text)).status_code == 200
    reason = "Published malware in @zoe/tool"
    response = by_moderator.post(PATH, {"action": "suspend", "reason": f" {reason} "})
    assert response.url == PATH
    assert session.get("/account").url.startswith("/login")
    assert client.get("/api/v1/me", **bearer(text)).status_code == 401
    # What an upload asks before it is recorded.
    with pytest.raises(InvalidTokenError):
        lock_usable_token(running)
    entry = AuditEntry.objects.get(action="account.suspended")
    assert (entry.actor.username, entry.subject, entry.details) == (
        "maude",
        zoe,
        {"reason": reason},
    )
    assert [message.to for message in mail.outbox] == [["zoe@example.test"]]
    assert reason in mail.outbox[0].body
    # Only the right password learns of it.
    wrong = Client().post("/login", {"login": "zoe", "password": "wrong"})
    assert b"is not correct" in wrong.content
    right = Client().post("/login", {"login": "zoe", "password": PASSWORD})
    assert right.url == "/account/inactive"


def test_a_suspension_ends(by_moderator: Client, zoe: User, client: Client) -> None:
    text = create_api_token(zoe)
    by_moderator.post(PATH, {"action": "suspend", "reason": "a mistake"})
    assert by_moderator.post(PATH, {"action": "lift"}).url == PATH
    assert not Suspension.objects.exists()
    assert Client().post("/login", {"login": "zoe", "password": PASSWORD}).url == "/account"
    assert client.get("/api/v1/me", **bearer(text)).status_code == 401, "tokens stay revoked"
    assert AuditEntry.objects.filter(action="account.suspension-lifted").count() == 1
    assert [message.subject for message in mail.outbox][1].endswith("is no longer suspended")


def test_roles_of_a_suspended_account_do_not_count(
    publisher: Publisher, zoe: User, client: Client
) -> None:
    publisher.publish("@acme/chat")
    plugin = Plugin.objects.get(name="@acme/chat")
    Member.objects.create(plugin=plugin, holder=zoe.owner, role=Role.OWNER)
    call_command("suspend_account", "zoe", reason="abuse")
    headers = bearer(create_api_token(publisher.actor))
    refused = client.delete("/api/v1/plugins/@acme/chat/owners/acme", **headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "last-owner")
    assert client.get("/api/v1/plugins/@acme/chat").status_code == 200
    call_command("suspend_account", "zoe", lift=True)
    assert client.delete("/api/v1/plugins/@acme/chat/owners/acme", **headers).status_code == 200


def test_who_may_suspend_whom(by_moderator: Client, operator: Client, zoe: User) -> None:
    form = {"action": "suspend", "reason": "because"}
    assert _sign_in(zoe).post("/accounts/maude", form).status_code == 404
    assert _sign_in(zoe).get("/accounts/nobody").status_code == 404
    for name in ("maude", "olga"):
        assert by_moderator.post(f"/accounts/{name}", form).status_code == 403
    assert operator.post("/accounts/olga", form).status_code == 403
    assert operator.post("/accounts/maude", form).status_code == 302
    assert by_moderator.post(PATH, form).url.startswith("/login")
    assert User.objects.filter(is_active=False).count() == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\x00b"])
def test_the_reason_is_checked(by_moderator: Client, zoe: User, reason: str) -> None:
    response = by_moderator.post(PATH, {"action": "suspend", "reason": reason})
    assert response.status_code == 400
    assert User.objects.get(pk=zoe.pk).is_active


def test_acts_that_do_not_fit_the_state(operator: Client, zoe: User) -> None:
    assert operator.post(PATH, {"action": "lift"}).status_code == 409
    assert operator.post(PATH, {"action": "explode"}).status_code == 400
    User.objects.filter(pk=zoe.pk).update(is_active=False)
    assert operator.post(PATH, {"action": "lift"}).status_code == 409, "closed forever"
    assert operator.post(PATH, {"action": "groups", "groups": "moderator"}).status_code == 403


def test_an_operator_changes_groups(
    operator: Client, zoe: User, open_page: Callable[..., Node]
) -> None:
    form = {"action": "groups", "groups": ["moderator", "security-reviewer"]}
    assert operator.post(PATH, form).url == PATH
    zoe.refresh_from_db()
    assert zoe.registry_groups == {"moderator", "security-reviewer"}
    assert zoe.is_staff
    assert set(zoe.groups.values_list("name", flat=True)) == {"moderator", "security-reviewer"}
    entry = AuditEntry.objects.get(action="account.groups-changed")
    assert (entry.before, entry.after) == ([], ["moderator", "security-reviewer"])
    assert "Moderator" in open_page(operator, PATH).text
    assert operator.post(PATH, {"action": "groups", "groups": "root"}).status_code == 400
    operator.post(PATH, {"action": "groups"})
    zoe.refresh_from_db()
    assert (zoe.is_staff, zoe.groups.count(), zoe.registry_groups) == (False, 0, frozenset())


def test_only_operators_change_groups(by_moderator: Client, zoe: User) -> None:
    form = {"action": "groups", "groups": "operator"}
    assert by_moderator.post(PATH, form).status_code == 403
    assert by_moderator.post("/accounts/maude", form).status_code == 403
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_session_alone_is_not_enough(operator: Client, zoe: User, settings: Any) -> None:
    settings.CONFIRMATION_SECONDS = 0
    for path in (PATH, f"/admin/accounts/user/{zoe.pk}/change/"):
        assert operator.get(path).url.startswith("/account/confirm?next=")
        assert operator.post(path, {"is_superuser": "on"}).url.startswith("/account/confirm")


def test_the_admin_follows_the_same_rules(operator: Client, zoe: User) -> None:
    """Nobody changes the own rights there, and only operators those of others."""
    olga = User.objects.get(username="olga")
    zoe.is_staff = True
    zoe.save()
    zoe.user_permissions.set(Permission.objects.filter(codename__in=("change_user", "view_user")))
    for client, account in ((operator, olga), (_sign_in(zoe), zoe)):
        path = f"/admin/accounts/user/{account.pk}/change/"
        form = {
            name: value or ""
            for name, value in client.get(path).context["adminform"].form.initial.items()
        }
        form |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
        form |= {"first_name": "New"}
        if account == zoe:
            form |= {"is_superuser": "on", "is_moderator": "on"}
        response = client.post(path, form)
        assert response.status_code == 302, response.context["adminform"].form.errors
    olga.refresh_from_db()
    zoe.refresh_from_db()
    assert (olga.first_name, olga.is_superuser, olga.is_staff) == ("New", True, True)
    assert (zoe.first_name, zoe.is_superuser, zoe.is_moderator) == ("New", False, False)


def test_groups_and_columns_follow_each_other(zoe: User) -> None:
    group = Group.objects.get(name=AccountGroup.SECURITY_REVIEWER)
    zoe.groups.add(group)
    assert User.objects.get(pk=zoe.pk).is_security_reviewer
    group.user_set.remove(zoe)
    zoe = User.objects.get(pk=zoe.pk)
    assert not zoe.is_security_reviewer
    zoe.is_moderator = True
    zoe.save()
    assert zoe.groups.get().name == "moderator"
    zoe.groups.clear()
    assert not User.objects.get(pk=zoe.pk).is_moderator


def test_the_command_sets_groups(zoe: User, capsys: Any) -> None:
    call_command("account_groups", "zoe", "operator")
    call_command("account_groups", "zoe")
    assert capsys.readouterr().out.splitlines() == ["Groups of `zoe`: operator."] * 2
    with pytest.raises(CommandError, match="last operator"):
        call_command("account_groups", "zoe", none=True)
    with pytest.raises(CommandError, match="There is no group `root`"):
        call_command("account_groups", "zoe", "root")
    with pytest.raises(CommandError, match="No account"):
        call_command("account_groups", "nobody", "moderator")
    with pytest.raises(CommandError, match="is not suspended"):
        call_command("suspend_account", "zoe", lift=True)


def test_a_security_reviewer_sees_and_decides_nothing(
    publisher: Publisher, zoe: User, operator: Client
) -> None:
    publisher.publish("@acme/chat")
    Plugin.objects.filter(name="@acme/chat").update(visibility="private", is_listed=False)
    reviewer = _sign_in(zoe)
    assert reviewer.get("/plugins/@acme/chat").status_code == 404
    call_command("account_groups", "zoe", "security-reviewer")
    reviewer = _sign_in(zoe)
    assert reviewer.get("/plugins/@acme/chat").status_code == 200
    release = Plugin.objects.get(name="@acme/chat").releases.get()
    page = reviewer.get(f"/admin/registry/release/{release.pk}/change/")
    assert (page.status_code, page.context["can_moderate"]) == (200, False)
    decide = f"/admin/registry/release/decide/quarantine/?releases={release.pk}"
    assert reviewer.get(decide).status_code == 403
    assert reviewer.get(PATH).status_code == 404
    assert reviewer.get("/sso/connections").status_code == 404
