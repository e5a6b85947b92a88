"""Where accounts are signed in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField

MAX_AGENT_CHARS = 300
# Browsers also name those that they resemble: the first that fits counts.
_BROWSERS = (
    ("Edge", "Edg"),
    ("Opera", "OPR/"),
    ("Firefox", "Firefox/"),
    ("Chrome", "Chrome/"),
    ("Safari", "Safari/"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("macOS", "Mac OS X"),
    ("Linux", "Linux"),
)


class AccountSession(models.Model):
    """A session of Django's table, with what its owner recognizes it by.

    `auth_hash` is that of the session, which ends when it differs from the account's.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="account_sessions"
    )
    session_key = BoundedCharField(max_length=40, unique=True)
    auth_hash = BoundedCharField(max_length=64)
    address = BoundedCharField(max_length=45, blank=True)
    agent = BoundedCharField(max_length=MAX_AGENT_CHARS, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-last_seen_at"]

    def __str__(self) -> str:
        return f"{self.user_id} from {self.address}"

    @property
    def device(self) -> str:
        """The browser and the system, as far as the browser says; any program can claim to be one."""
        browser = next((name for name, word in _BROWSERS if word in self.agent), "Unknown browser")
        system = next((name for name, word in _SYSTEMS if word in self.agent), "")
        return f"{browser} on {system}" if system else browser
