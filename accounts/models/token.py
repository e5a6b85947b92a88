"""API tokens. The text is shown once; only its hash is stored."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField, BoundedJSONField
from plugport.spec.api.values import ORGANIZATION_LIMIT, TOKEN_SCOPES
from plugport.spec.archive.model import KIB

SCOPES = TOKEN_SCOPES
DEFAULT_LIFETIME = dt.timedelta(days=90)
MAX_LIFETIME = dt.timedelta(days=366)
# How long before a token expires its owner gets a mail.
NOTICE_BEFORE = dt.timedelta(days=7)
MAX_LIMITS = 20
# The visible beginning of a text.
START_CHARS = 10


def hash_token(text: str) -> str:
    """The hex SHA-256 of a token's text, which is all that is stored of it.

    A slow password hash is not needed: the text has 256 random bits, so nobody can guess it.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def compute_default_expiry() -> dt.datetime:
    """When a token expires for which nothing else was selected."""
    return timezone.now() + DEFAULT_LIFETIME


class Token(models.Model):
    """A token of one account, stored as the SHA-256 of its text: a leaked table opens no account.

    `start` is the visible beginning of the text, by which users recognize the token. `scopes` is a
    subset of `SCOPES`. `limits` are plugins (`@acme/chat`), scopes (`@acme`) and organizations (`org:acme`);
    without any, the token is valid for everything. `networks` are those from which it may be used (CIDR); without any, from all.
    `parent` is the token with which it was created. `expiry_mail_at` is when its owner
    gets a mail about the expiry, None if no more is due. `needs_no_factor` is set for tokens that an
    operator made and those of CI jobs, which publish for accounts without a second factor. `can_flag_releases` is set for `publish` tokens
    of the time when that scope was enough to deprecate and yank.
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
    limits = BoundedJSONField(
        max_bytes=4 * KIB, excess="more are refused: 400 `invalid-token-request`", default=list
    )
    networks = BoundedJSONField(
        max_bytes=2 * KIB, excess="more are refused: 400 `invalid-token-request`", default=list
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    needs_no_factor = models.BooleanField(default=False, editable=False)
    can_flag_releases = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=compute_default_expiry)
    expiry_mail_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = BoundedCharField(max_length=45, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.abbreviation} ({self.name})"

    @property
    def abbreviation(self) -> str:
        """What the audit log calls the token: unlike the name, it says nothing about the person."""
        return f"{self.start}…"

    def is_usable(self, now: dt.datetime | None = None) -> bool:
        """Whether the token is neither revoked nor expired."""
        return self.revoked_at is None and self.expires_at > (now or timezone.now())

    @property
    def organization_limits(self) -> list[str]:
        """The names of the organizations to which the token is limited."""
        prefix = ORGANIZATION_LIMIT
        return [limit.removeprefix(prefix) for limit in self.limits if limit.startswith(prefix)]

    def has_scope(self, scope: str) -> bool:
        """Whether the token has the scope. Scopes do not imply each other."""
        return scope in self.scopes
