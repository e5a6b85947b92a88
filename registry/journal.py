"""Appending to the journal: gapless serials in commit order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from registry.events import announce_after_commit
from registry.models import JournalEntry, JournalHead


def append_entry(event: str, plugin: str, version: str = "", **data: Any) -> JournalEntry:
    """Append one public change; call it last in the transaction of the change.

    The head row stays locked until that transaction ends, which is what makes serials gapless
    and their order the order of commits. Raises `TransactionManagementError` outside one.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("the journal is written inside transactions")
    JournalHead.objects.filter(pk=1).update(last_serial=F("last_serial") + 1)
    head = JournalHead.objects.get(pk=1)
    announce_after_commit()
    return JournalEntry.objects.create(
        serial=head.last_serial, event=event, plugin=plugin, version=version, data=data
    )


def append_entries(entries: Sequence[Mapping[str, Any]]) -> None:
    """Append many changes at once, each with the fields of `JournalEntry` but `serial`.

    As `append_entry` otherwise. The serials follow the order given.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("the journal is written inside transactions")
    JournalHead.objects.filter(pk=1).update(last_serial=F("last_serial") + len(entries))
    first = JournalHead.objects.get(pk=1).last_serial - len(entries) + 1
    announce_after_commit()
    JournalEntry.objects.bulk_create(
        [JournalEntry(serial=first + place, **entry) for place, entry in enumerate(entries)]
    )
