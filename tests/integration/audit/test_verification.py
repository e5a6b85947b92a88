"""`manage.py verify_audit` finds what was changed behind the back of the registry."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions.record_audit_entry import (
    Act,
    record_audit_entries,
    record_audit_entry,
)
from accounts.audit.checkpoints import sign_checkpoint
from accounts.audit.digests import ENTRY_COLUMNS
from accounts.audit.heads import Head, append_head
from accounts.audit.instance_key import load_instance_key
from accounts.audit.sealer import find_head, seal_entries
from accounts.models import AuditEntry, AuditIdentity, AuditPending, AuditSeal, User

pytestmark = pytest.mark.django_db
Change = Callable[[str], None]


@pytest.fixture
def log(owner: User) -> list[int]:
    """Six sealed entries with a checkpoint in the middle; their ids."""
    ids = []
    for number in range(6):
        ids.append(record_audit_entry(actor=owner, action="email.verified", n=number).pk)
        if number == 3:
            seal_entries()
            sign_checkpoint()
    seal_entries()
    return ids


@contextlib.contextmanager
def without_triggers() -> Iterator[Callable[[str], None]]:
    """What a person can do who owns the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            yield cursor.execute
            cursor.execute("SET session_replication_role = origin")
            return
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'accounts_audit%'"
        )
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield cursor.execute
        for _, statement in triggers:
            cursor.execute(statement)


def verify(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the report."""
    out = StringIO()
    try:
        call_command("verify_audit", "--json", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue() or "{}")
    return 0, json.loads(out.getvalue())


def list_kinds(*arguments: str) -> list[str]:
    code, report = verify(*arguments)
    assert code == (0 if report["isIntact"] else 1)
    return [problem["kind"] for problem in report["problems"]]


def test_an_intact_log_is_intact(log: list[int]) -> None:
    code, report = verify()
    assert (code, report["isIntact"], report["problems"]) == (0, True, [])
    assert (report["entries"], report["checkpoints"], report["heads"]) == (6, 1, 2)
    assert report["head"] == {"sequence": 6, "digest": AuditSeal.objects.get(sequence=6).digest}


def test_an_empty_log_is_intact() -> None:
    assert sign_checkpoint() is None
    assert verify()[0] == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "'email.changed'"),
        ("actor_id", "actor_id + 1"),
        ("at", "'2020-01-01 00:00:00+00:00'"),
        ("details", "'{\"n\": 7}'"),
        ("before", "'1'"),
        ("credential", "'token:1'"),
        ("target_name", "'x'"),
        ("identity_digest", "'00'"),
        ("actor_kind", "'system'"),
        ("subject_id", "7"),
        ("target_kind", "'x'"),
        ("target_id", "'x'"),
        ("container", "'plugin:7'"),
        ("owner_id", "7"),
        ("via", "'x'"),
        ("after", "'1'"),
    ],
)
def test_a_changed_entry_is_found(log: list[int], column: str, value: str) -> None:
    with without_triggers() as execute:
        execute(f"UPDATE accounts_auditentry SET {column} = {value} WHERE id = {log[2]}")
    _, report = verify()
    first = report["problems"][0]
    assert (first["kind"], first["sequence"], first["entry_id"]) == ("changed", 3, log[2])


def test_every_column_of_an_entry_is_in_its_digest() -> None:
    """But the key of the identity, whose digest is."""
    columns = {field.column for field in AuditEntry._meta.concrete_fields}
    assert columns - set(ENTRY_COLUMNS) == {"identity_id"}


def test_a_changed_time_of_a_seal_is_found(log: list[int]) -> None:
    with without_triggers() as execute:
        execute(
            "UPDATE accounts_auditseal SET sealed_at = '2020-01-01 00:00:00+00:00' WHERE sequence = 2"
        )
    assert list_kinds() == ["changed"]


def test_swapped_identities_are_found(log: list[int]) -> None:
    """Each entry would name who did the other."""
    first, second = AuditEntry.rows.filter(pk__in=log[:2]).order_by("pk")
    with without_triggers() as execute:
        execute(f"UPDATE accounts_auditentry SET identity_id = NULL WHERE id = {first.pk}")
        execute(
            f"UPDATE accounts_auditentry SET identity_id = {first.identity_id} WHERE id = {second.pk}"
        )
        execute(
            f"UPDATE accounts_auditentry SET identity_id = {second.identity_id} WHERE id = {first.pk}"
        )
    assert list_kinds() == ["identity", "identity"]


def test_a_changed_name_or_address_is_found(log: list[int]) -> None:
    with without_triggers() as execute:
        execute("UPDATE accounts_auditidentity SET address = '192.0.2.1'")
    assert list_kinds() == ["identity"] * 6


def test_a_missing_name_without_an_erasure_is_found(log: list[int]) -> None:
    AuditIdentity.objects.order_by("id")[:1].get().delete()
    assert list_kinds() == ["identity-missing"]


def test_a_deleted_entry_is_found(log: list[int]) -> None:
    with without_triggers() as execute:
        execute(f"DELETE FROM accounts_auditentry WHERE id = {log[1]}")
    assert list_kinds() == ["deleted"]


def test_an_entry_that_was_deleted_with_its_seal_is_found(log: list[int]) -> None:
    with without_triggers() as execute:
        execute(f"DELETE FROM accounts_auditentry WHERE id = {log[1]}")
        execute("DELETE FROM accounts_auditseal WHERE sequence = 2")
    assert list_kinds() == ["gap", "changed"]


def test_reordered_entries_are_found(log: list[int]) -> None:
    with without_triggers() as execute:
        execute("UPDATE accounts_auditseal SET entry_id = -1 WHERE sequence = 2")
        execute(f"UPDATE accounts_auditseal SET entry_id = {log[1]} WHERE sequence = 3")
        execute(f"UPDATE accounts_auditseal SET entry_id = {log[2]} WHERE sequence = 2")
    assert list_kinds() == ["changed", "changed"]


def _cut(execute: Change, first: int) -> None:
    execute(
        "DELETE FROM accounts_auditentry WHERE id IN"
        f" (SELECT entry_id FROM accounts_auditseal WHERE sequence >= {first})"
    )
    execute(f"DELETE FROM accounts_auditseal WHERE sequence >= {first}")


def test_a_cut_tail_is_found_by_the_file_in_the_data_folder(log: list[int]) -> None:
    with without_triggers() as execute:
        _cut(execute, 6)
    assert list_kinds() == ["cut"]


def test_a_cut_tail_is_found_by_the_checkpoint(log: list[int], data_dir: Path) -> None:
    with without_triggers() as execute:
        _cut(execute, 3)
    (data_dir / "audit" / "heads").unlink()
    assert list_kinds() == ["cut", "head-file"]


def test_a_chain_that_was_computed_anew_is_found(log: list[int]) -> None:
    with without_triggers() as execute:
        execute(f"UPDATE accounts_auditentry SET action = 'x' WHERE id = {log[0]}")
        execute("DELETE FROM accounts_auditseal")
        AuditPending.objects.bulk_create(AuditPending(entry_id=each) for each in log)
    seal_entries()
    assert set(list_kinds()) == {"checkpoint", "head"}


def test_checkpoints_of_another_key_do_not_count(log: list[int], data_dir: Path) -> None:
    (data_dir / "instance_key").unlink()
    _, report = verify()
    assert [problem["kind"] for problem in report["problems"]] == ["untrusted-key"]
    key = sign_checkpoint()
    assert key is not None
    earlier = connection.cursor()
    earlier.execute("SELECT public_key FROM accounts_auditcheckpoint ORDER BY id LIMIT 1")
    assert verify("--public-key", earlier.fetchone()[0])[0] == 0


def test_a_changed_checkpoint_is_found(log: list[int]) -> None:
    with without_triggers() as execute:
        execute("UPDATE accounts_auditcheckpoint SET sequence = 3")
    assert list_kinds() == ["signature"]


def test_an_entry_that_was_kept_from_the_chain_is_found(owner: User, log: list[int]) -> None:
    entry = record_audit_entry(actor=owner, action="email.verified")
    assert verify()[0] == 0
    with without_triggers() as execute:
        execute(
            f"UPDATE accounts_auditentry SET at = '2020-01-01 00:00:00+00:00' WHERE id = {entry.pk}"
        )
        execute("DELETE FROM accounts_auditpending")
    assert list_kinds() == ["unsealed"]


def test_an_entry_of_the_future_that_was_kept_from_the_chain_is_found(
    owner: User, log: list[int]
) -> None:
    """It would be the newest one on every page, and never old enough to be missed."""
    entry = record_audit_entry(actor=owner, action="email.verified")
    with without_triggers() as execute:
        execute(
            f"UPDATE accounts_auditentry SET at = '2120-01-01 00:00:00+00:00' WHERE id = {entry.pk}"
        )
        execute("DELETE FROM accounts_auditpending")
    assert list_kinds() == ["unsealed"]


def test_only_entries_that_are_committed_later_come_later(owner: User) -> None:
    first, second = (record_audit_entry(actor=owner, action="email.verified").pk for _ in "ab")
    AuditPending.objects.filter(entry_id=first).delete()
    seal_entries()
    AuditPending.objects.create(entry_id=first)
    seal_entries()
    order = AuditSeal.objects.order_by("sequence").values_list("entry_id", flat=True)
    assert list(order) == [second, first]
    assert verify()[0] == 0


def test_the_key_and_the_heads_are_private(log: list[int], data_dir: Path) -> None:
    for path in (data_dir / "instance_key", data_dir / "audit" / "heads"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (data_dir / "audit").stat().st_mode & 0o777 == 0o700


def test_all_machines_can_have_one_key(settings: Any, data_dir: Path) -> None:
    settings.INSTANCE_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert load_instance_key().private_bytes_raw() == bytes(range(32))
    assert not data_dir.exists()
    settings.INSTANCE_KEY = "secret"
    with pytest.raises(ImproperlyConfigured, match="PLUGPORT_INSTANCE_KEY is no key") as caught:
        load_instance_key()
    assert "secret" not in str(caught.value)


def test_half_a_line_of_a_crash_is_skipped(log: list[int], data_dir: Path) -> None:
    path = data_dir / "audit" / "heads"
    text = path.read_text()
    path.write_text(text + text[:20])
    assert verify()[0] == 0
    head = find_head()
    assert head is not None
    append_head(head, timezone.now())
    assert verify()[0] == 0
    assert verify("--heads", str(data_dir / "audit"))[1]["heads"] == 6


def test_a_file_that_cannot_be_read_is_no_proof(log: list[int], data_dir: Path) -> None:
    (data_dir / "audit" / "heads").write_text("nonsense\n")
    assert verify() == (2, {})


def test_the_file_of_heads_does_not_grow_for_ever(data_dir: Path) -> None:
    path = data_dir / "audit" / "heads"
    append_head(Head(1, "a" * 64), timezone.now())
    path.write_bytes(path.read_bytes() * 60_000)
    append_head(Head(2, "b" * 64), timezone.now())
    assert path.read_text().count("\n") == 1
    assert (data_dir / "audit" / "heads.1").stat().st_size > 4_000_000


def test_problems_are_listed_for_people(log: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    with without_triggers() as execute:
        execute(f"UPDATE accounts_auditentry SET action = 'x' WHERE id = {log[0]}")
    with pytest.raises(CommandError, match="The audit log has 1 problem"):
        call_command("verify_audit")
    out = capsys.readouterr().out
    assert f"changed: The entry {log[0]}, or its place in the chain, was changed." in out
    assert AuditEntry.rows.count() == 6


def test_many_entries_of_one_act_are_written_together_and_verified(owner: User) -> None:
    """In their order, each with personal data of its own, whatever their JSON has."""
    values: list[Any] = [None, 0, "é", [1, {"b": 2, "a": 1}], "x" * 500, 2**70, "x" * 500]
    acts = [
        Act("email.verified", "", owner.pk, value, value, {"number": number, "value": value})
        for number, value in enumerate(values * 100)
    ]
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        entries = record_audit_entries(actor=owner, acts=acts)
    # Two inserts for 500.
    assert len(queries) == 4
    assert [entry.pk for entry in entries] == sorted(entry.pk for entry in entries)
    rows = AuditEntry.rows.order_by("pk").values_list("details__number", "after")
    assert list(rows) == [(act.details["number"], act.after) for act in acts]
    assert len({entry.identity_id for entry in entries}) == len(acts)
    seal_entries()
    assert verify()[0] == 0
    with without_triggers() as execute:
        execute(f"UPDATE accounts_auditentry SET after = '1' WHERE id = {entries[1].pk}")
    assert list_kinds() == ["changed"]
