"""Prefixes of names that only one owner may use, and the names that were there before."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.owner import OWNER_NAME_CHARS, Owner
from common.bounded_fields import BoundedCharField

REASON_CHARS = 300


class ReservedPrefix(models.Model):
    """New accounts, organizations, scopes and unscoped plugins cannot have a name with this prefix.

    Except those of `owner`. Without one, only moderators create such names. `key` is folded, so that
    it is equal for prefixes that look alike.
    """

    prefix = BoundedCharField(max_length=OWNER_NAME_CHARS)
    key = BoundedCharField(max_length=OWNER_NAME_CHARS, unique=True, editable=False)
    owner = models.ForeignKey(
        Owner, null=True, blank=True, on_delete=models.SET_NULL, related_name="prefixes"
    )
    reason = BoundedCharField(max_length=REASON_CHARS, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["prefix"]
        verbose_name_plural = "reserved prefixes"

    def __str__(self) -> str:
        return self.prefix


class GrandfatheredName(models.Model):
    """A name with a reserved prefix that existed when the prefix was reserved. It stays with its owner."""

    class Kind(models.TextChoices):
        ACCOUNT = "account"
        ORGANIZATION = "organization"
        SCOPE = "scope"
        PLUGIN = "plugin"

    prefix = models.ForeignKey(
        ReservedPrefix, on_delete=models.CASCADE, related_name="grandfathered"
    )
    kind = BoundedCharField(max_length=12, choices=Kind.choices)
    name = BoundedCharField(max_length=130)

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["prefix", "kind", "name"], name="grandfathered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
