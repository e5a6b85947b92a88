"""The journal of public changes: gapless serials in commit order, and a signal when it grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.dispatch import Signal

from registry.models import JournalEntry, JournalHead, Plugin

# Sent without arguments after a commit that appended entries, in the process that committed. A
# receiver may fail or miss it: the journal is the truth, the signal only saves a poll.
journal_appended = Signal()


def append_change(plugin: Plugin, event: str, version: str = "", **data: Any) -> None:
    """Append one change of the plugin if the plugin is public. See `append_entry`."""
    if not plugin.is_restricted:
        append_entry(event, plugin.name, version, **data)


def append_entry(event: str, plugin: str, version: str = "", **data: Any) -> JournalEntry:
    """Append one public change; call it last in the transaction of the change.

    Last, because the lock on the head row is held from here to the commit and every other writer
    of the journal waits for it. Raises `TransactionManagementError` outside a transaction.
    """
    serial = _allocate_serials(1)
    _send_after_commit()
    return JournalEntry.objects.create(
        serial=serial, event=event, plugin=plugin, version=version, data=data
    )


def append_entries(entries: Sequence[Mapping[str, Any]]) -> None:
    """Append many changes at once, each with the fields of `JournalEntry` except `serial`.

    Serials follow the order given. See `append_entry`.
    """
    if not entries:
        return
    first = _allocate_serials(len(entries)) - len(entries) + 1
    _send_after_commit()
    JournalEntry.objects.bulk_create(
        [JournalEntry(serial=first + index, **entry) for index, entry in enumerate(entries)]
    )


def _allocate_serials(count: int) -> int:
    """Lock the head row, advance it by `count`, and return the last serial allocated."""
    # A database sequence would leave gaps on rollback and give serials in order of allocation,
    # not of commit: a mirror that has read 8 would never see a 7 that is committed later.
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("the journal must be written in a transaction")
    head = JournalHead.objects.filter(pk=1)
    if not head.update(last_serial=F("last_serial") + count):
        # The migration creates the row; a database restored without it continues at the last entry.
        last = JournalEntry.objects.aggregate(last=Max("serial"))["last"] or 0
        JournalHead.objects.get_or_create(pk=1, defaults={"last_serial": last})
        head.update(last_serial=F("last_serial") + count)
    return head.get().last_serial


def _send_after_commit() -> None:
    transaction.on_commit(lambda: journal_appended.send_robust(sender=None), robust=True)
