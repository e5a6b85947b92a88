"""The journal of public changes: append-only, with gapless serials."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField, BoundedJSONField
from plugport.spec.archive.model import KIB
from registry.models.catalog import NAME_CHARS


class JournalHead(models.Model):
    """The last serial allocated: one row, locked while a transaction appends."""

    last_serial = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_serial)


class JournalEntry(models.Model):
    """One public change. Serials are 1, 2, 3, … without gaps, in the order of commits.

    Triggers in the database refuse updates and deletes (migration `0002`); `delete` here only
    fails earlier and with a clearer message.
    """

    serial = models.BigIntegerField(primary_key=True)
    event = BoundedCharField(max_length=40)
    # A name and not a foreign key: entries are never changed, whatever happens to the plugin.
    plugin = BoundedCharField(max_length=NAME_CHARS, db_index=True)
    version = BoundedCharField(max_length=256, blank=True)
    data = BoundedJSONField(
        max_bytes=16 * KIB,
        excess="messages above 500 characters are refused, reasons are cut and end with `…`",
        default=dict,
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["serial"]
        verbose_name_plural = "journal entries"

    def __str__(self) -> str:
        return f"{self.serial} {self.event} {self.plugin}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Always raises `TypeError`."""
        raise TypeError("a journal entry cannot be deleted")
