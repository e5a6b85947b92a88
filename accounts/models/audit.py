"""The audit log of security-relevant actions."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField, BoundedJSONField
from plugport.spec.archive.model import KIB


class AuditEntry(models.Model):
    """One action: who did what to which target. Append-only.

    Written in the transaction of the action, so that neither exists without the other.
    `actor_name` stays when the account is deleted.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_name = BoundedCharField(max_length=150, blank=True)
    action = BoundedCharField(max_length=60, db_index=True)
    target = BoundedCharField(max_length=400, blank=True, db_index=True)
    details = BoundedJSONField(
        max_bytes=64 * KIB,
        excess="reasons are cut to 500 characters and end with `…`",
        default=dict,
    )

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the entry. Raises `TypeError` for an entry that is already stored."""
        if not self._state.adding:
            raise TypeError("an audit entry cannot be changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise `TypeError`: entries are permanent."""
        raise TypeError("an audit entry cannot be deleted")
