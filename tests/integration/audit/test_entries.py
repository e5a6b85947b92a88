"""What an entry of the audit log says (ACC-4): who, what, on what, from where, with which credential."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.test import Client

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.revoke_token import revoke_token
from accounts.audit.catalog import find_action, list_actions
from accounts.audit.checkpoints import sign_checkpoint
from accounts.audit.origin import Origin, bind_origin
from accounts.audit.sealer import seal_entries
from accounts.models import AuditCheckpoint, AuditEntry, AuditIdentity, AuditSeal, Token, User
from registry.actions.invite_member import invite_member
from registry.models import Role
from registry.models.states import ReleaseState
from tests.support.people import PASSWORD, bearer, create_api_token
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
APPS = ("common", "accounts", "registry", "marketplace", "config", "bench")


def test_an_act_of_a_page_has_the_address_the_client_and_the_session(owner: User) -> None:
    client = Client(headers={"User-Agent": "Firefox\x07 1"}, REMOTE_ADDR="192.0.2.7")
    client.post("/login", {"login": "acme", "password": PASSWORD})
    create_api_token(owner, "read")
    token = Token.objects.get()
    client.post(f"/account/tokens/{token.pk}/revoke")
    entry = AuditEntry.objects.select_related("identity").get(action="token.revoked")
    assert (entry.actor, entry.actor_kind, entry.actor_name) == (owner, "account", "acme")
    assert entry.identity is not None
    assert (entry.identity.address, entry.identity.user_agent) == ("192.0.2.7", "Firefox 1")
    assert (entry.target_kind, entry.target, entry.target_id) == (
        "token",
        token.abbreviation,
        str(token.pk),
    )
    assert entry.via == "page"
    key = client.session.session_key or ""
    assert entry.credential.startswith("session:")
    assert key not in entry.credential


def test_an_act_of_the_api_has_its_token(publisher: Publisher, owner: User) -> None:
    release = publisher.publish()
    text = create_api_token(owner, "manage")
    path = f"/api/v1/plugins/{release.plugin.name}/1.0.0/yank"
    client = Client(REMOTE_ADDR="2001:db8::7")
    assert client.post(path, "{}", "application/json", **bearer(text)).status_code == 200
    entry = AuditEntry.objects.select_related("identity").get(action="release.yanked")
    assert (entry.via, entry.credential) == ("api", f"token:{Token.objects.get().pk}")
    assert entry.identity is not None
    assert entry.identity.address == "2001:db8::7"
    assert (entry.target, entry.container) == (str(release), f"plugin:{release.plugin_id}")


def test_a_change_has_its_state_before_and_after(publisher: Publisher) -> None:
    publisher.publish()
    entry = AuditEntry.objects.get(action="release.published")
    assert (entry.before, entry.after) == ("checking", "published")


def test_an_operator_and_the_system_are_told_apart(owner: User) -> None:
    with bind_origin(Origin("command make_report")):
        by_operator = record_audit_entry(actor=None, action="job.requeued")
    with bind_origin(Origin("worker")):
        by_worker = record_audit_entry(actor=None, action="job.requeued")
    assert (by_operator.actor_kind, by_operator.via) == ("operator", "command make_report")
    assert (by_worker.actor_kind, by_worker.via) == ("system", "worker")
    assert not AuditIdentity.objects.exists()


def test_what_staff_change_in_the_admin_has_their_name(
    create_user: Callable[..., User], owner: User, client: Client
) -> None:
    root = create_user("root", is_staff=True, is_superuser=True)
    client.force_login(root)
    path = f"/admin/accounts/user/{owner.pk}/password/"
    data = {
        "usable_password": "true",
        "password1": "a new pass phrase",
        "password2": "a new pass phrase",
    }
    assert client.post(path, data).status_code == 302
    entry = AuditEntry.objects.get(action="password.changed")
    assert (entry.actor, entry.actor_kind, entry.via) == (root, "operator", "admin")
    assert (entry.subject, entry.target) == (owner, "acme")


def test_the_log_has_numbers_of_other_people_and_not_their_names(
    publisher: Publisher, owner: User, outsider: User
) -> None:
    plugin = publisher.publish().plugin
    invite_member(actor=owner, plugin=plugin, username="mallory", role=Role.PUBLISHER)
    entry = AuditEntry.objects.get(action="member.invited")
    assert entry.subject == outsider
    stored = [str(row) for row in AuditEntry.rows.values()]
    assert not any("mallory" in row for row in stored)


def test_a_text_names_an_account_too(owner: User, outsider: User) -> None:
    record_audit_entry(actor=owner, action="email.verified", target="acme")
    record_audit_entry(actor=owner, action="email.verified", target="mallory")
    record_audit_entry(actor=owner, action="email.verified", target="nobody")
    rows = AuditEntry.objects.order_by("id").values_list("target", "subject", "target_name")
    assert list(rows) == [
        ("acme", owner.pk, ""),
        ("mallory", outsider.pk, ""),
        ("nobody", None, "nobody"),
    ]


def _change(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def _replace_by_other_columns(model: type[Model], key: str) -> None:
    """Replace a row by one with another key and the same value in another unique column."""
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields]
    values = ", ".join("1000" if column == key else column for column in columns)
    _change(f"REPLACE INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}")


def test_the_database_refuses_changes(owner: User) -> None:
    record_audit_entry(actor=owner, action="email.verified", target=owner)
    seal_entries()
    sign_checkpoint()
    for table, column in (
        ("accounts_auditentry", "action"),
        ("accounts_auditseal", "digest"),
        ("accounts_auditcheckpoint", "signature"),
    ):
        _change(f"UPDATE {table} SET {column} = 'x'")
        _change(f"DELETE FROM {table}")
    _change("UPDATE accounts_auditidentity SET name = 'x'")
    if connection.vendor == "sqlite":
        columns = ", ".join(field.column for field in AuditSeal._meta.fields)
        _change(
            f"REPLACE INTO accounts_auditseal ({columns}) SELECT {columns} FROM accounts_auditseal"
        )
        _replace_by_other_columns(AuditSeal, "sequence")
        _replace_by_other_columns(AuditEntry, "id")
    else:
        with connection.cursor() as cursor:
            # Off in tests, which empty the tables (`tests/conftest.py`).
            cursor.execute("ALTER TABLE accounts_auditentry ENABLE TRIGGER USER")
        _change("TRUNCATE accounts_auditentry")
    for model in (AuditEntry.rows, AuditSeal.objects, AuditCheckpoint.objects):
        assert model.count() == 1


def _iter_codes() -> Iterator[tuple[str, str]]:
    """The codes in calls of `record_audit_entry`, with `*` for what is computed."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and getattr(node.func, "id", "") == "record_audit_entry"
                ):
                    (action,) = (each.value for each in node.keywords if each.arg == "action")
                    yield from ((str(path), code) for code in _list_texts(action))


def _list_texts(node: Any) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*_list_texts(node.body), *_list_texts(node.orelse)]
    if isinstance(node, ast.JoinedStr):
        return [
            "".join(
                str(getattr(part, "value", "")) if isinstance(part, ast.Constant) else "*"
                for part in node.values
            )
        ]
    return [str(node.value)] if isinstance(node, ast.Constant) else []


def test_every_code_is_in_the_catalog() -> None:
    codes = {action.code for action in list_actions()}
    found = list(_iter_codes())
    assert len(found) > 20
    for path, code in found:
        prefix, star, _ = code.partition("*")
        known = any(each.startswith(prefix) for each in codes) if star else code in codes
        assert known, f"{path} records {code}, which no list of `AuditAction`s has"
    # The codes that are computed.
    for state in ReleaseState:
        assert state == ReleaseState.CHECKING or find_action(f"release.{state}")


def test_a_deleted_account_is_a_pseudonym(
    create_user: Callable[..., User], capsys: pytest.CaptureFixture[str]
) -> None:
    root = create_user("root", is_staff=True, is_superuser=True)
    user = create_user("ada")
    create_api_token(user, "read")
    revoke_token(actor=user, token_id=Token.objects.get().pk)
    record_audit_entry(actor=root, action="email.verified", target=user)
    number = user.pk
    user.delete()
    names = AuditEntry.objects.filter(actor_id=number).values_list("actor_name", flat=True)
    assert set(names) == {f"deleted-{number}"}
    assert AuditEntry.objects.get(action="account.deleted").target == f"deleted-{number}"
    assert AuditEntry.objects.get(action="email.verified").target == f"deleted-{number}"
    everything = [*AuditEntry.objects.values(), *AuditIdentity.objects.values()]
    assert "ada" not in {str(value) for row in everything for value in row.values()}
    seal_entries()
    call_command("verify_audit")
    assert "2 without personal data" in capsys.readouterr().out
