"""API tokens. The text is shown once; only its hash is stored."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField, BoundedJSONField

# A fixed prefix lets secret scanners recognize a leaked token.
PREFIX = "pp_"
SCOPES = ("read", "publish", "manage")


def hash_token(text: str) -> str:
    """The hex SHA-256 of a token's text, which is all that is stored of it.

    A slow password hash is not needed: the text has 256 random bits, so nobody can guess it.
    """
    return hashlib.sha256(text.encode()).hexdigest()


class Token(models.Model):
    """A token of one user, stored as the SHA-256 of its text: a leaked table opens no account.

    `start` is the visible beginning of the text, by which users recognize the token. `scopes` is a
    subset of `SCOPES`. `limit` restricts `publish` and `manage` to one plugin (`@acme/chat`) or one
    scope (`@acme`); empty means no limit. `can_flag_releases` is set for `publish` tokens of the time
    when that scope was enough to deprecate and yank.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = BoundedCharField(max_length=100)
    start = BoundedCharField(max_length=12)
    sha256 = BoundedCharField(max_length=64, unique=True)
    scopes = BoundedJSONField(
        max_bytes=100, excess="other scopes are refused: 400 `invalid-token-request`", default=list
    )
    limit = BoundedCharField(max_length=130, blank=True)
    can_flag_releases = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.start}… ({self.name})"

    def is_usable(self, now: dt.datetime | None = None) -> bool:
        """Whether the token is neither revoked nor expired."""
        now = now or timezone.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def has_scope(self, scope: str) -> bool:
        """Whether the token has the scope. Scopes do not imply each other."""
        return scope in self.scopes
