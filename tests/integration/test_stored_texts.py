"""Every text in the database has a limit, which holds for every kind of write on every database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.base import SessionBase
from django.db import models, transaction
from django.db.models import F, Value

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.admin.users import MAX_LOG_MESSAGE_BYTES
from accounts.models import AuditEntry, User
from accounts.security.factors import MAX_FACTOR_BYTES
from accounts.security.sessions import MAX_SESSION_BYTES, SessionStore
from common.bounded_fields import BoundedField, StoredTextTooLargeError
from registry.models import Category, DownloadSalt
from tests.support.data import ROOT

TEXT_FIELDS = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
OWN_APPS = ("accounts", "registry", "marketplace")
# Columns of libraries without a length: the first three are checked by the registry, the last is a
# number.
LIBRARY_COLUMNS = {
    "sessions.Session.session_data",
    "admin.LogEntry.change_message",
    "mfa.Authenticator.data",
    "admin.LogEntry.object_id",
    # Checked by the registry.
    "socialaccount.SocialAccount.extra_data",
    # Tables without rows: providers are settings, and their tokens are not stored.
    "socialaccount.SocialApp.settings",
    "socialaccount.SocialToken.token",
    "socialaccount.SocialToken.token_secret",
}

WITHOUT_LIMIT = {
    "admin.LogEntry.object_id",
    "socialaccount.SocialApp.settings",
    "socialaccount.SocialToken.token",
    "socialaccount.SocialToken.token_secret",
}


def list_text_fields() -> list[models.Field[object, object]]:
    """Every column for text, JSON or bytes of all apps."""
    return [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, TEXT_FIELDS)
    ]


def test_every_text_column_has_a_limit() -> None:
    inherited = {"User.password", "User.first_name", "User.last_name", "User.email"}
    unlimited = {
        str(field)
        for field in list_text_fields()
        if field.model._meta.app_label in OWN_APPS
        and f"{field.model.__name__}.{field.name}" not in inherited
        and (not isinstance(field, BoundedField) or field.bound is None)
    }
    assert unlimited == set()


def test_columns_of_libraries_without_a_length_are_known() -> None:
    unlimited = {
        str(field)
        for field in list_text_fields()
        if not isinstance(field, BoundedField) and field.max_length is None
    }
    assert unlimited == LIBRARY_COLUMNS


def test_the_page_of_limits_lists_every_column() -> None:
    page = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    for field in list_text_fields():
        if not isinstance(field, BoundedField) or field.bound is None:
            continue
        row = f"| `{field}` |" if field.excess else f"| `{field.model._meta.label}` |"
        assert row in page
        assert field.excess in page
        # Only short texts may do without the sentence that says what happens to longer ones.
        assert field.excess or field.bound <= 1024, str(field)
    assert all(f"| `{name}` |" in page for name in LIBRARY_COLUMNS - WITHOUT_LIMIT)


def save(row: Category) -> None:
    row.save(force_insert=True)


def create_many(row: Category) -> None:
    Category.objects.bulk_create([row])


def update(row: Category) -> None:
    Category.objects.create(slug="short")
    Category.objects.update(slug=row.slug)


def update_many(row: Category) -> None:
    stored = Category.objects.create(slug="short")
    stored.slug = row.slug
    Category.objects.bulk_update([stored], ["slug"])


@pytest.mark.parametrize("write", [save, create_many, update, update_many])
def test_a_longer_text_is_refused_by_every_write(
    db: None, write: Callable[[Category], None]
) -> None:
    with (
        pytest.raises(StoredTextTooLargeError, match=r"slug` has 61 characters; at"),
        transaction.atomic(),
    ):
        write(Category(slug="é" * 61))
    assert not Category.objects.filter(slug__startswith="é").exists()


def test_the_limit_itself_and_expressions_are_stored(db: None) -> None:
    Category.objects.create(slug="é" * 60)
    Category.objects.update(slug=Value("tag"), plugin_count=F("plugin_count") + 1)
    assert Category.objects.get().slug == "tag"


@pytest.mark.parametrize(
    "value",
    ["x" * 70_000, ["é" * 40_000], [10**30, "x" * 70_000]],
    ids=["text", "not ASCII", "large number"],
)
def test_large_json_is_refused_and_measured_in_utf_8(db: None, value: object) -> None:
    with (
        pytest.raises(StoredTextTooLargeError, match=r"AuditEntry\.details` has"),
        transaction.atomic(),
    ):
        record_audit_entry(actor=None, action="test.done", value=value)
    assert not AuditEntry.objects.exists()


def test_json_of_the_largest_size_is_stored(db: None) -> None:
    text = "é" * ((65_536 - len('{"value":""}')) // 2)
    record_audit_entry(actor=None, action="test.done", value=text)
    # An integer that a database stores and the fast encoder refuses.
    record_audit_entry(actor=None, action="test.done", value=10**30)
    assert AuditEntry.objects.count() == 2


def test_bytes_have_a_limit_too(db: None) -> None:
    salt = DownloadSalt(day="2026-01-01", salt="0" * 65)
    with pytest.raises(StoredTextTooLargeError, match="at most 64"):
        salt.save()


def fill_session(session: SessionBase, size: int) -> None:
    # Sessions are compressed, so the text is one that cannot be.
    session["text"] = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(size))
    session.save()


def test_a_session_has_a_limit(db: None) -> None:
    fill_session(SessionStore(), 1_000)
    with pytest.raises(StoredTextTooLargeError, match="session_data"):
        fill_session(SessionStore(), MAX_SESSION_BYTES)


def test_messages_of_the_admin_have_a_limit(moderator: User) -> None:
    def log(message: str) -> None:
        kind = ContentType.objects.get_for_model(User).pk
        LogEntry.objects.create(
            user=moderator, content_type_id=kind, action_flag=CHANGE, change_message=message
        )

    log("x" * MAX_LOG_MESSAGE_BYTES)
    with pytest.raises(StoredTextTooLargeError, match="change_message"):
        log("x" * (MAX_LOG_MESSAGE_BYTES + 1))


def test_a_second_factor_has_a_limit(moderator: User) -> None:
    factor = Authenticator(user=moderator, type="webauthn", data={"name": ""})
    factor.save()
    factor.data = {"name": "x" * MAX_FACTOR_BYTES}
    with pytest.raises(StoredTextTooLargeError, match="Authenticator"):
        factor.save()
