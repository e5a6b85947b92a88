"""The journal: gapless, in order, and append-only by triggers in the database."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from registry.actions.flag_release import deprecate_release, yank_release
from registry.actions.moderate_release import (
    quarantine_release,
    restore_release,
    revoke_release,
)
from registry.errors import TransitionError
from registry.journal import append_entries, append_entry
from registry.models import JournalEntry, JournalHead
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


def list_serials() -> list[int]:
    return list(JournalEntry.objects.values_list("serial", flat=True))


def test_every_public_change_is_one_entry_in_order(
    publisher: Publisher, owner: User, moderator: User
) -> None:
    release = publisher.publish()
    deprecate_release(actor=owner, release=release, message="old")
    yank_release(actor=owner, release=release, reason="broken")
    quarantine_release(actor=moderator, release=release, reason="look")
    restore_release(actor=moderator, release=release, reason="fine")
    revoke_release(actor=moderator, release=release, reason="bad")
    entries = list(JournalEntry.objects.all())
    assert [entry.event for entry in entries] == [
        "release.published",
        "release.deprecated",
        "release.yanked",
        "release.quarantined",
        "release.restored",
        "release.revoked",
    ]
    assert {(entry.plugin, entry.version) for entry in entries} == {("@acme/chat", "1.0.0")}
    first = entries[0].serial
    assert list_serials() == list(range(first, first + 6))
    artifact = release.artifacts.get()
    assert entries[0].data == {
        "sha256": artifact.sha256,
        "integrity": artifact.integrity,
        "size": artifact.size_bytes,
    }


def test_an_unpublished_release_is_not_in_the_journal(publisher: Publisher) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" * 8
    release = publisher.publish(files={"config.txt": f"{key}\n-----END RSA PRIVATE KEY-----\n"})
    assert release.state == "rejected"
    assert not JournalEntry.objects.exists()


def test_a_rolled_back_transaction_leaves_no_gap(publisher: Publisher, moderator: User) -> None:
    release = publisher.publish()
    revoke_release(actor=moderator, release=release, reason="bad")
    before = list_serials()
    with pytest.raises(TransitionError):
        quarantine_release(actor=moderator, release=release, reason="again")
    with transaction.atomic():
        append_entry("plugin.edited", "@acme/chat")
        transaction.set_rollback(True)
    append_entry("plugin.edited", "@acme/chat")
    assert list_serials() == [*before, before[-1] + 1]


def test_entries_appended_together_have_consecutive_serials() -> None:
    append_entry("a", "x")
    append_entries([{"event": "b", "plugin": f"p{number}"} for number in range(5)])
    append_entry("c", "y")
    serials = list_serials()
    assert serials == list(range(serials[0], serials[0] + 7))
    assert [e.plugin for e in JournalEntry.objects.all()] == [
        "x",
        "p0",
        "p1",
        "p2",
        "p3",
        "p4",
        "y",
    ]
    assert JournalHead.objects.get().last_serial == serials[-1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_journalentry SET event = 'nothing.happened'",
        "UPDATE registry_journalentry SET serial = serial + 1",
        "DELETE FROM registry_journalentry",
    ],
)
def test_the_database_refuses_to_change_history(publisher: Publisher, statement: str) -> None:
    publisher.publish()
    before = list(JournalEntry.objects.values())
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert list(JournalEntry.objects.values()) == before


def test_the_models_refuse_changes_first(publisher: Publisher) -> None:
    publisher.publish()
    with pytest.raises(TypeError):
        JournalEntry.objects.get().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        JournalEntry.objects.all().update(event="nothing.happened")
