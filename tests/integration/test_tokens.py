"""Tokens and the audit record (ACC-3, ACC-4)."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.utils import timezone

from accounts.actions.create_token import MAX_TOKENS, create_token
from accounts.actions.revoke_token import revoke_token
from accounts.audit import record_act
from accounts.errors import TokenRequestError, UnknownTokenError
from accounts.models import AuditEntry, Token, User

pytestmark = pytest.mark.django_db


def test_the_text_is_shown_once_and_not_kept(owner: User) -> None:
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


def test_every_token_is_another(owner: User) -> None:
    texts = {create_token(actor=owner, name="t", scopes=["read"])[1] for _ in range(20)}
    assert len(texts) == 20


def test_every_fault_is_told_at_once(owner: User) -> None:
    with pytest.raises(TokenRequestError) as caught:
        create_token(actor=owner, name=" ", scopes=["root", "read"], limit="NOT A NAME", days=0)
    assert [fault.field for fault in caught.value.fields] == ["name", "scopes", "limit", "days"]
    assert not Token.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("limit", "kept"),
    [("acme/chat", "@acme/chat"), ("@acme", "@acme"), ("chat", "chat"), ("", "")],
)
def test_limits_are_normalised(owner: User, limit: str, kept: str) -> None:
    assert create_token(actor=owner, name="t", scopes=["read"], limit=limit)[0].limit == kept


def test_an_account_holds_a_bounded_number(owner: User) -> None:
    Token.objects.bulk_create(
        [Token(user=owner, name="t", sha256=f"{n:064}") for n in range(MAX_TOKENS)]
    )
    with pytest.raises(TokenRequestError, match="1000"):
        create_token(actor=owner, name="one more", scopes=["read"])
    Token.objects.filter(sha256=f"{0:064}").update(revoked_at=timezone.now())
    create_token(actor=owner, name="one more", scopes=["read"])


def test_a_token_ends_with_its_days(owner: User) -> None:
    token, _ = create_token(actor=owner, name="t", scopes=["read"], days=1)
    now = timezone.now()
    assert token.is_usable(now)
    assert not token.is_usable(now + dt.timedelta(days=1, seconds=1))


def test_revoking_is_for_the_owner_and_final(owner: User, outsider: User) -> None:
    token, _ = create_token(actor=owner, name="t", scopes=["read"])
    with pytest.raises(UnknownTokenError):
        revoke_token(actor=outsider, token_id=token.pk)
    assert Token.objects.get().is_usable()
    first = revoke_token(actor=owner, token_id=token.pk).revoked_at
    assert revoke_token(actor=owner, token_id=token.pk).revoked_at == first
    assert not Token.objects.get().is_usable()
    acts = list(AuditEntry.objects.order_by("id").values_list("action", "actor_name", "target"))
    assert acts == [
        ("token.created", "acme", str(token)),
        ("token.revoked", "acme", str(token)),
    ]


def test_the_audit_record_is_written_once(owner: User) -> None:
    entry = record_act(actor=owner, action="something.done", target="x", why="because")
    entry.action = "nothing.done"
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    assert AuditEntry.objects.get().action == "something.done"
    assert AuditEntry.objects.get().details == {"why": "because"}


def test_what_the_system_does_has_no_actor() -> None:
    entry = record_act(actor=None, action="something.done")
    assert (entry.actor, entry.actor_name) == (None, "system")
