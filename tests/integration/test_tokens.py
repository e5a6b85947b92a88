"""Tokens and the audit log (ACC-3, ACC-4)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.actions.create_token import MAX_TOKENS, create_token
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.record_token_use import record_token_use
from accounts.actions.revoke_token import revoke_token
from accounts.errors import TokenRequestError, UnknownTokenError
from accounts.models import AuditEntry, Token, User
from accounts.queries.tokens import get_token

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
    assert text.startswith("pp_")
    assert len(text) > 40
    row = Token.objects.values().get()
    assert text not in str(row)
    assert row["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert row["start"] == text[:10]
    assert row["scopes"] == ["read", "publish"]
    assert (token.name, token.expires_at) == ("laptop", None)
    assert text not in str(list(AuditEntry.objects.values()))


def test_every_token_is_different(owner: User) -> None:
    texts = {create_token(actor=owner, name="t", scopes=["read"])[1] for _ in range(20)}
    assert len(texts) == 20


def test_all_invalid_fields_are_reported_at_once(owner: User) -> None:
    with pytest.raises(TokenRequestError) as caught:
        create_token(actor=owner, name=" ", scopes=["root", "read"], limit="NOT A NAME", days=0)
    assert [error.field for error in caught.value.fields] == ["name", "scopes", "limit", "days"]
    assert not Token.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("limit", "normalized"),
    [("acme/chat", "@acme/chat"), ("@acme", "@acme"), ("chat", "chat"), ("", "")],
)
def test_limits_are_normalized(owner: User, limit: str, normalized: str) -> None:
    assert create_token(actor=owner, name="t", scopes=["read"], limit=limit)[0].limit == normalized


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
        ("token.created", "acme", str(token)),
        ("token.revoked", "acme", str(token)),
    ]


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
        record_token_use(token=token)
    used = get_token(text)
    assert used.last_used_at is not None
    with django_assert_num_queries(0):
        record_token_use(token=used)
    earlier = used.last_used_at = used.last_used_at - dt.timedelta(minutes=6)
    record_token_use(token=used)
    now_used = get_token(text).last_used_at
    assert now_used is not None
    assert now_used > earlier
