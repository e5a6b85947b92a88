"""Appending to the journal: gapless serials in commit order."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F

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
    return JournalEntry.objects.create(
        serial=head.last_serial, event=event, plugin=plugin, version=version, data=data
    )
