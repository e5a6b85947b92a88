"""API tokens: shown once, stored hashed."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.utils import timezone

PREFIX = "pp_"
SCOPES = ("read", "publish", "manage")


class Token(models.Model):
    """A token of one user. Only the SHA-256 of its text is kept, so a leaked table opens nothing.

    The text has 256 bits from the system's random source, which is why a plain hash is enough:
    there is nothing to guess. `scopes` is a subset of `SCOPES`; `limit` narrows `publish` and
    `manage` to one plugin (`@acme/chat`) or one scope (`@acme`), empty for no limit.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=100)
    start = models.CharField(max_length=12)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    limit = models.CharField(max_length=130, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.start}… ({self.name})"

    def is_usable(self, now: dt.datetime | None = None) -> bool:
        """Neither revoked nor expired."""
        now = now or timezone.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def has_scope(self, scope: str) -> bool:
        """Whether the token may do what `scope` names; `manage` does not include `publish`."""
        return scope in self.scopes
