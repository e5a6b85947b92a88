"""Programs that wait for a person to sign them in (RFC 8628)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField, BoundedJSONField

CLIENT_NAME_CHARS = 60


class DeviceLogin(models.Model):
    """One sign-in of a program, until it has its token or expires.

    Both codes are stored as hashes: a leaked table approves and redeems nothing. `client_name` is what the
    program says about itself, `address` is where it sent the request from. `user` and
    `approved_at` are set by an approval, `denied_at` by a refusal.
    """

    device_code_sha256 = BoundedCharField(max_length=64, unique=True)
    user_code_digest = BoundedCharField(max_length=64, unique=True)
    client_name = BoundedCharField(max_length=CLIENT_NAME_CHARS)
    scopes = BoundedJSONField(
        max_bytes=100, excess="other scopes are refused: `invalid_scope`", default=list
    )
    address = BoundedCharField(max_length=45)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    interval_seconds = models.PositiveSmallIntegerField(default=5)
    polled_at = models.DateTimeField(null=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    denied_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.client_name} from {self.address}"
