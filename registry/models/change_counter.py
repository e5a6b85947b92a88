"""The number of public changes that the journal does not have."""

from __future__ import annotations

from django.db import models


class ChangeCounter(models.Model):
    """The sum of `count` grows with each transaction that changes what visitors see.

    It counts what mirrors do not follow: accounts, scopes, memberships, featured plugins. Triggers in
    the database write it (migration `0013`), so that no update can miss it. On PostgreSQL, every such
    transaction inserts a row of its own: a row that all of them updated would make them wait for each
    other, and deadlock. A periodic job adds the rows up.
    """

    count = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.count)
