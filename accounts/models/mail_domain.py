"""Domains of email addresses that no longer exist, and the addresses that were verified there."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField


class MailDomain(models.Model):
    """What DNS said about the domain of verified addresses.

    `gone_days` is the number of days running on which it did not exist. `lapsed_at` is when its
    addresses became unverified; an operator who vouches for one afterwards is not overruled.
    """

    domain = BoundedCharField(max_length=253, unique=True)
    checked_at = models.DateTimeField(db_index=True)
    gone_days = models.PositiveSmallIntegerField(default=0)
    lapsed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.domain


class LapsedAddress(models.Model):
    """An address that is no longer verified, because its domain no longer exists.

    Who registers the domain receives its mail. It holds while the account has the address and is not
    verified again, which its owner does while signed in.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="lapsed_address"
    )
    email = BoundedCharField(max_length=254)
    lapsed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-lapsed_at"]
        verbose_name_plural = "lapsed addresses"

    def __str__(self) -> str:
        return f"{self.email} of {self.user}"
