"""The state of everything public: a position in the journal, and a count of all other changes.

A copy of an answer is current as long as the state is the one before it was computed. Two transactions
never leave the same state behind, whatever the order of their commits.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Sum

from common.gateway_protocol import PUBLIC_STATE_SQL
from registry.models import ChangeCounter

# More rows than this are left to the next run.
_MAX_ROWS = 10_000


class PublicState(NamedTuple):
    """The last serial of the journal, and the number of public changes outside it."""

    serial: int
    other_changes: int


def get_public_state() -> PublicState:
    """Return the committed state: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(PUBLIC_STATE_SQL)
        return PublicState(*cursor.fetchone())


def count_change() -> None:
    """Count a public change of what no table has, such as the search index.

    Triggers count the changes of tables.
    """
    ChangeCounter.objects.create()


def add_up_changes() -> int:
    """Replace the rows of finished transactions by their sum; returns how many there were.

    Readers see the rows or the sum, never both and never neither.
    """
    with transaction.atomic():
        # Rows that another process adds up at the same time are its.
        rows = ChangeCounter.objects.select_for_update(skip_locked=True).order_by("id")
        keys = list(rows.values_list("id", flat=True)[:_MAX_ROWS])
        if len(keys) < 2:
            return 0
        # In ranges of ids there are rows of transactions that are not finished.
        added = ChangeCounter.objects.filter(id__in=keys)
        total = added.aggregate(total=Sum("count"))["total"]
        added.delete()
        ChangeCounter.objects.create(count=total)
    return len(keys)
