"""Tokens and the audit log (ACC-3, ACC-4)."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.actions.organizations.robots import create_robot, create_robot_token
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.create_token import MAX_TOKENS, create_token
from accounts.actions.tokens.record_token_use import record_token_use
from accounts.actions.tokens.regenerate_token import regenerate_token
from accounts.actions.tokens.revoke_token import revoke_token
from accounts.actions.tokens.send_expiry_mails import send_expiry_mails
from accounts.errors import (
    InvalidTokenError,
    TokenRequestError,
    TokenScopeError,
    UnknownTokenError,
)
from accounts.models import AuditEntry, Token, User
from accounts.models.token import DEFAULT_LIFETIME, MAX_LIFETIME, MAX_LIMITS
from accounts.queries.tokens import get_token
from plugport.spec import token_text
from tests.support.organizations import build_organization

pytestmark = pytest.mark.django_db


def test_the_migration_keeps_what_publish_tokens_could_do(owner: User) -> None:
    for scopes in (["publish"], ["read", "publish"], ["publish", "manage"], ["read"]):
        create_token(actor=owner, name="-".join(scopes), scopes=scopes)
    migration = MigrationExecutor(connection).loader.get_migration(
        "accounts", "0003_token_can_flag_releases"
    )
    (fill,) = (each for each in migration.operations if hasattr(each, "code"))
    fill.code(apps, None)
    changed = Token.objects.filter(can_flag_releases=True).values_list("name", flat=True)
    assert set(changed) == {"publish", "read-publish"}


def test_the_migration_keeps_accounts_that_are_in_use(create_user: Callable[..., User]) -> None:
    """Only accounts of the sign-up form that never did anything have to verify their address."""
    signed_up = ("idle", "token", "acted", "staff")
    users = {name: create_user(name) for name in (*signed_up, "operator")}
    for name in signed_up:
        EmailAddress.objects.create(user=users[name], email=users[name].email)
    # Without the audit entry of `create_token`, which counts too.
    Token.objects.create(user=users["token"], name="revoked", revoked_at=timezone.now())
    record_audit_entry(actor=users["acted"], action="release.published")
    User.objects.filter(username="staff").update(is_staff=True)
    migration = MigrationExecutor(connection).loader.get_migration(
        "accounts", "0005_verify_existing_accounts"
    )
    (change,) = migration.operations
    change.code(apps, None)
    unverified = User.objects.filter(is_verified=False)
    assert list(unverified.values_list("username", flat=True)) == ["idle"]


def test_the_text_is_returned_once_and_not_stored(owner: User) -> None:
    token, text = create_token(actor=owner, name=" laptop ", scopes=["publish", "read"])
    assert re.fullmatch(token_text.PATTERN, text)
    row = Token.objects.values().get()
    assert text not in str(row)
    assert row["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert row["start"] == text[:10]
    assert row["scopes"] == ["read", "publish"]
    assert token.name == "laptop"
    assert token.expires_at - token.created_at == pytest.approx(
        DEFAULT_LIFETIME, abs=dt.timedelta(minutes=1)
    )
    assert text not in str(list(AuditEntry.objects.values()))


def test_every_token_is_different(owner: User) -> None:
    texts = {create_token(actor=owner, name="t", scopes=["read"])[1] for _ in range(20)}
    assert len(texts) == 20


def test_all_invalid_fields_are_reported_at_once(owner: User) -> None:
    with pytest.raises(TokenRequestError) as caught:
        create_token(
            actor=owner,
            name=" ",
            scopes=["root", "read"],
            limits=["NOT A NAME"],
            networks=["x"],
            days=0,
        )
    assert [error.field for error in caught.value.fields] == [
        "name",
        "scopes",
        "limits",
        "networks",
        "days",
    ]
    assert not Token.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("limit", "normalized"),
    [("acme/chat", "@acme/chat"), ("@acme", "@acme"), ("chat", "chat")],
)
def test_limits_are_normalized(owner: User, limit: str, normalized: str) -> None:
    token, _ = create_token(actor=owner, name="t", scopes=["read"], limits=[limit, "@x", limit])
    assert token.limits == [normalized, "@x"]


@pytest.mark.parametrize(
    ("network", "normalized"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        (" 192.0.2.7/24", "192.0.2.0/24"),
        ("2001:DB8::1/32", "2001:db8::/32"),
    ],
)
def test_networks_are_normalized(owner: User, network: str, normalized: str) -> None:
    token, _ = create_token(actor=owner, name="t", scopes=["read"], networks=[network])
    assert token.networks == [normalized]


@pytest.mark.parametrize(
    "network",
    ["", "example.org", "0.0.0.0/0", "::/0", "192.0.2.0/33", "::ffff:192.0.2.0/120", "fe80::1%lo"],
)
def test_other_networks_are_refused(owner: User, network: str) -> None:
    with pytest.raises(TokenRequestError) as caught:
        create_token(actor=owner, name="t", scopes=["read"], networks=[network])
    assert [(each.field, each.code) for each in caught.value.fields] == [
        ("networks", "invalid-network")
    ]


def test_the_number_of_limits_is_limited(owner: User) -> None:
    limits = [f"@scope{n}" for n in range(MAX_LIMITS + 1)]
    with pytest.raises(TokenRequestError) as caught:
        create_token(actor=owner, name="t", scopes=["read"], limits=limits)
    assert [(each.field, each.found) for each in caught.value.fields] == [("limits", "21")]
    create_token(actor=owner, name="t", scopes=["read"], limits=limits[1:])


@pytest.mark.parametrize("days", [0, -1, MAX_LIFETIME.days + 1, 10**12])
def test_every_token_expires_within_a_year(owner: User, days: int) -> None:
    with pytest.raises(TokenRequestError, match=r"cannot be created") as caught:
        create_token(actor=owner, name="t", scopes=["read"], days=days)
    assert [each.field for each in caught.value.fields] == ["days"]


def test_only_moderators_have_admin_tokens(owner: User, moderator: User) -> None:
    with pytest.raises(TokenRequestError) as caught:
        create_token(actor=owner, name="t", scopes=["admin"])
    assert [each.field for each in caught.value.fields] == ["scopes"]
    assert create_token(actor=moderator, name="t", scopes=["admin"])[0].scopes == ["admin"]


def test_the_number_of_tokens_is_limited(owner: User) -> None:
    Token.objects.bulk_create(
        [Token(user=owner, name="t", sha256=f"{n:064}") for n in range(MAX_TOKENS)]
    )
    with pytest.raises(TokenRequestError, match="1000"):
        create_token(actor=owner, name="one more", scopes=["read"])
    Token.objects.filter(sha256=f"{0:064}").update(revoked_at=timezone.now())
    create_token(actor=owner, name="one more", scopes=["read"])


def test_a_token_expires_after_its_days(owner: User) -> None:
    token, _ = create_token(actor=owner, name="t", scopes=["read"], days=1)
    now = timezone.now()
    assert token.is_usable(now)
    assert not token.is_usable(now + dt.timedelta(days=1, seconds=1))


def test_only_the_owner_revokes_and_it_is_final(owner: User, outsider: User) -> None:
    token, _ = create_token(actor=owner, name="t", scopes=["read"])
    with pytest.raises(UnknownTokenError):
        revoke_token(actor=outsider, token_id=token.pk)
    assert Token.objects.get().is_usable()
    first = revoke_token(actor=owner, token_id=token.pk).revoked_at
    assert revoke_token(actor=owner, token_id=token.pk).revoked_at == first
    assert not Token.objects.get().is_usable()
    entries = list(AuditEntry.objects.order_by("id").values_list("action", "actor_name", "target"))
    assert entries == [
        ("token.created", "acme", token.abbreviation),
        ("token.revoked", "acme", token.abbreviation),
    ]


def test_the_tokens_that_a_token_created_end_with_it(owner: User, mailoutbox: list[Any]) -> None:
    parent, _ = create_token(actor=owner, name="laptop", scopes=["publish", "manage"])
    child, _ = create_token(actor=owner, name="ci", scopes=["publish"], days=7, creator=parent)
    (mail,) = mailoutbox
    assert mail.to == [owner.email]
    assert "“laptop”" in mail.body or "`laptop`" in mail.body
    revoke_token(actor=owner, token_id=parent.pk, ends_children=False)
    assert Token.objects.get(pk=child.pk).is_usable()
    revoke_token(actor=owner, token_id=parent.pk)
    assert not Token.objects.get(pk=child.pk).is_usable()


def test_a_token_creates_only_tokens_that_can_do_no_more(owner: User) -> None:
    creator, _ = create_token(
        actor=owner,
        name="creator",
        scopes=["publish", "manage"],
        limits=["@acme", "tool"],
        networks=["192.0.2.0/24"],
        days=30,
    )
    allowed: dict[str, Any] = {
        "scopes": ["publish"],
        "limits": ["@acme/chat", "tool"],
        "networks": ["192.0.2.128/25"],
        "days": 29,
    }
    refused: list[dict[str, Any]] = [
        {"scopes": ["publish", "read"]},
        {"limits": []},
        {"limits": ["@acme", "other"]},
        {"limits": ["@other"]},
        {"networks": []},
        {"networks": ["192.0.0.0/16"]},
        {"networks": ["192.0.2.1", "2001:db8::/32"]},
        {"days": 31},
    ]
    for change in refused:
        with pytest.raises(TokenScopeError):
            create_token(actor=owner, name="child", creator=creator, **(allowed | change))
    child, _ = create_token(actor=owner, name="child", creator=creator, **allowed)
    publisher, _ = create_token(actor=owner, name="publisher", scopes=["publish"])
    for other in (child, publisher):
        with pytest.raises(TokenScopeError):
            create_token(actor=owner, name="x", scopes=["publish"], days=1, creator=other)


def test_a_token_that_was_revoked_meanwhile_creates_none(owner: User) -> None:
    creator, _ = create_token(actor=owner, name="creator", scopes=["manage"])
    revoke_token(actor=owner, token_id=creator.pk)
    with pytest.raises(InvalidTokenError):
        create_token(actor=owner, name="late", scopes=["manage"], days=1, creator=creator)


def test_the_owner_gets_one_mail_before_tokens_expire(owner: User, mailoutbox: list[Any]) -> None:
    now = timezone.now()
    create_token(actor=owner, name="short", scopes=["read"], days=7)
    due, _ = create_token(actor=owner, name="due\nx: y", scopes=["read"], days=30)
    create_token(actor=owner, name="later", scopes=["read"], days=60)
    assert send_expiry_mails(now + dt.timedelta(days=22)) == 0
    assert send_expiry_mails(now + dt.timedelta(days=23, minutes=1)) == 1
    (mail,) = mailoutbox
    assert due.start in mail.body
    assert "\nx: y" not in mail.body
    assert f"{due.expires_at:%Y-%m-%d}" in mail.body
    assert "later" not in mail.body
    assert "short" not in mail.body
    assert send_expiry_mails(now + dt.timedelta(days=24)) == 0


def test_a_token_that_got_its_expiry_from_an_update_has_two_mails(
    owner: User, mailoutbox: list[Any]
) -> None:
    now = timezone.now()
    token, _ = create_token(actor=owner, name="old", scopes=["read"], days=180)
    Token.objects.filter(pk=token.pk).update(expiry_mail_at=now)
    sent = [send_expiry_mails(now + dt.timedelta(days=days)) for days in (0, 1, 172, 174, 175)]
    assert sent == [1, 0, 0, 1, 0]


def test_an_expiry_mail_that_cannot_be_sent_is_sent_later(
    owner: User, mailoutbox: list[Any], settings: Any
) -> None:
    create_token(actor=owner, name="due", scopes=["read"], days=8)
    at = timezone.now() + dt.timedelta(days=2)
    backend = settings.EMAIL_BACKEND
    # Nothing listens there.
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert send_expiry_mails(at) == 0
    settings.EMAIL_BACKEND = backend
    assert send_expiry_mails(at) == 1


def test_accounts_that_cannot_be_reached_get_no_expiry_mail(owner: User) -> None:
    create_token(actor=owner, name="due", scopes=["read"], days=8)
    User.objects.filter(pk=owner.pk).update(email="")
    assert send_expiry_mails(timezone.now() + dt.timedelta(days=2)) == 0


def test_a_regenerated_token_can_do_what_the_former_one_could(owner: User) -> None:
    former, text = create_token(
        actor=owner,
        name="ci",
        scopes=["publish"],
        limits=["@acme"],
        networks=["192.0.2.0/24"],
        days=30,
    )
    token, new_text = regenerate_token(actor=owner, token_id=former.pk)
    assert new_text != text
    for name in ("name", "scopes", "limits", "networks", "user"):
        assert getattr(token, name) == getattr(former, name)
    assert token.expires_at - token.created_at == pytest.approx(
        dt.timedelta(days=30), abs=dt.timedelta(minutes=1)
    )
    with pytest.raises(InvalidTokenError):
        get_token(text)
    assert get_token(new_text) == token
    with pytest.raises(UnknownTokenError):
        regenerate_token(actor=owner, token_id=former.pk)


def test_only_the_owner_regenerates(owner: User, outsider: User) -> None:
    token, _ = create_token(actor=owner, name="t", scopes=["read"])
    with pytest.raises(UnknownTokenError):
        regenerate_token(actor=outsider, token_id=token.pk)
    assert Token.objects.get().is_usable()


def test_audit_entries_cannot_change(owner: User) -> None:
    entry = record_audit_entry(actor=owner, action="something.done", target="x", why="because")
    entry.action = "nothing.done"
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    assert AuditEntry.objects.get().action == "something.done"
    assert AuditEntry.objects.get().details == {"why": "because"}


def test_an_action_of_the_system_has_no_actor() -> None:
    entry = record_audit_entry(actor=None, action="something.done")
    assert (entry.actor, entry.actor_name) == (None, "system")


def test_reading_a_token_writes_nothing(owner: User) -> None:
    _, text = create_token(actor=owner, name="t", scopes=["read"])
    assert get_token(text).last_used_at is None
    assert get_token(text).last_used_at is None


def test_the_last_use_is_recorded_once_in_five_minutes(
    owner: User, django_assert_num_queries: Any
) -> None:
    token, text = create_token(actor=owner, name="t", scopes=["read"])
    with django_assert_num_queries(1):
        record_token_use(token=token, address="192.0.2.1")
    used = get_token(text)
    assert used.last_used_at is not None
    assert used.last_used_address == "192.0.2.1"
    with django_assert_num_queries(0):
        record_token_use(token=used, address="192.0.2.2")
    earlier = used.last_used_at = used.last_used_at - dt.timedelta(minutes=6)
    record_token_use(token=used, address="192.0.2.3")
    now_used = get_token(text).last_used_at
    assert now_used is not None
    assert now_used > earlier


def test_the_owners_of_an_organization_get_the_mails_of_its_robots(
    owner: User, mailoutbox: list[Any]
) -> None:
    """A robot has no address of its own."""
    organization = build_organization(owner, "harbor", mara="manager", olga="owner")
    robot = create_robot(actor=owner, organization=organization, name="ci")
    create_robot_token(
        actor=owner,
        organization=organization,
        robot_name=robot.username,
        name="nightly",
        scopes=["read"],
    )
    mailoutbox.clear()
    at = timezone.now() + dt.timedelta(days=24)
    assert [send_expiry_mails(at), send_expiry_mails(at)] == [2, 0]
    assert {each.to[0] for each in mailoutbox} == {owner.email, "olga@example.test"}
    assert "- `nightly`" in mailoutbox[0].body
    assert "/organizations/harbor/robots/harbor+ci" in mailoutbox[0].body
