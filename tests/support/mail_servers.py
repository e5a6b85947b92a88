"""Mail backends for tests."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class RefusingBackend(BaseEmailBackend):
    """A mail server that refuses every recipient."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Raise what `smtplib` raises, which contains the addresses."""
        refused = {to: (550, b"no such user") for message in email_messages for to in message.to}
        raise smtplib.SMTPRecipientsRefused(refused)
