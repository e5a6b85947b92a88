"""The position of an index in the journal, as the index itself stores it.

The database has a cursor, too, but only the index knows what it contains: a server or a folder may
be restored from a backup, and so may the database.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from registry.models import JournalEntry, JournalHead

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class IndexPosition:
    """Every journal entry up to `serial` is indexed.

    `mark` is the time of that entry in microseconds since 1970. It identifies the entry: after a
    database was restored, other entries get the same serials.
    """

    serial: int = 0
    mark: int = 0

    @property
    def time(self) -> dt.datetime | None:
        """The time of the entry; None at the start."""
        return _EPOCH + dt.timedelta(microseconds=self.mark) if self.serial else None


START = IndexPosition()


def build_position(serial: int, at: dt.datetime) -> IndexPosition:
    """The position of the entry with that serial and time."""
    return IndexPosition(serial, (at - _EPOCH) // dt.timedelta(microseconds=1))


def get_position_of(serial: int) -> IndexPosition:
    """The position of an entry of this journal; `START` if there is no such entry. 1 query."""
    at = JournalEntry.objects.filter(serial=serial).values_list("at", flat=True).first()
    return START if at is None else build_position(serial, at)


def get_last_serial() -> int:
    """The last serial of the journal; 0 if it is empty. 1 query."""
    head = JournalHead.objects.values_list("last_serial", flat=True).first()
    return head or 0


def is_in_journal(position: IndexPosition | None) -> bool:
    """Whether an index at that position was written from this journal. 1 query.

    If not, the index or the database was restored, and the index may contain anything.
    """
    return position is not None and get_position_of(position.serial) == position
