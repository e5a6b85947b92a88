"""The ordered public changes: append-only, gapless."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone

from registry.models.catalogue import NAME_CHARS


class JournalHead(models.Model):
    """The last serial given out: one row, locked by whoever appends."""

    last_serial = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_serial)


class JournalEntry(models.Model):
    """One public change. Serials count 1, 2, 3, … without gaps, in order of commit.

    The database refuses updates and deletes by triggers (migration `0002`); the methods here
    only say so earlier.
    """

    serial = models.BigIntegerField(primary_key=True)
    event = models.CharField(max_length=40)
    plugin = models.CharField(max_length=NAME_CHARS, db_index=True)
    version = models.CharField(max_length=256, blank=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["serial"]
        verbose_name_plural = "journal entries"

    def __str__(self) -> str:
        return f"{self.serial} {self.event} {self.plugin}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Never: raises `TypeError`."""
        raise TypeError("a journal entry cannot be deleted")
