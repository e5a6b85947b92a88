"""Appending to the journal: gapless serials in commit order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from registry.events import announce_after_commit
from registry.models import JournalEntry, JournalHead


def append_entry(event: str, plugin: str, version: str = "", **data: Any) -> JournalEntry:
    """Append one public change; call it last in the transaction of the change.

    The head row stays locked until that transaction ends, which is what makes serials gapless
    and their order the order of commits. Raises `TransactionManagementError` outside one.
    """
    serial = _take_serials(1)
    announce_after_commit()
    return JournalEntry.objects.create(
        serial=serial, event=event, plugin=plugin, version=version, data=data
    )


def append_entries(entries: Sequence[Mapping[str, Any]]) -> None:
    """Append many changes at once, each with the fields of `JournalEntry` but `serial`.

    As `append_entry` otherwise. The serials follow the order given.
    """
    first = _take_serials(len(entries)) - len(entries) + 1
    announce_after_commit()
    JournalEntry.objects.bulk_create(
        [JournalEntry(serial=first + place, **entry) for place, entry in enumerate(entries)]
    )


def _take_serials(count: int) -> int:
    """Lock the head row, move it on by `count`, and return the last serial taken."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("the journal is written inside transactions")
    head = JournalHead.objects.filter(pk=1)
    if not head.update(last_serial=F("last_serial") + count):
        # The migration made the row; a database restored without it counts on where it stopped.
        last = JournalEntry.objects.aggregate(last=Max("serial"))["last"] or 0
        JournalHead.objects.get_or_create(pk=1, defaults={"last_serial": last})
        head.update(last_serial=F("last_serial") + count)
    return head.get().last_serial
