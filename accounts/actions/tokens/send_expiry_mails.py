"""Remind owners of tokens that expire."""

from __future__ import annotations

import datetime as dt
from itertools import groupby

from django.utils import timezone

from accounts.errors import MailUnavailableError
from accounts.mails import build_url, send_mail
from accounts.models import Token
from accounts.models.token import NOTICE_BEFORE
from plugport.spec.text import quote_text

# In one run. Others are left to the next one.
_MAX_TOKENS = 1000


def send_expiry_mails(now: dt.datetime | None = None) -> int:
    """Send each owner one mail about the tokens whose mail is due; returns the number of mails.

    Periodic work of the worker. A mail that cannot be sent is due again in the next run, and one is
    repeated only if the process ends before the transaction that follows it.
    """
    now = now or timezone.now()
    due = Token.objects.filter(
        expiry_mail_at__lte=now, expires_at__gt=now, revoked_at=None, user__is_active=True
    ).select_related("user")
    sent = 0
    rows = due.order_by("user_id", "expires_at")[:_MAX_TOKENS]
    for user, group in groupby(rows, key=lambda token: token.user):
        tokens = list(group)
        if user.email and user.is_verified:
            try:
                send_mail(
                    "tokens_expire",
                    user.email,
                    user=user,
                    # Quoted: a thief may have chosen the name.
                    tokens=[
                        f"{quote_text(token.name)} ({token.start}…), on {token.expires_at:%Y-%m-%d}"
                        for token in tokens
                    ],
                    tokens_url=build_url("tokens"),
                )
            except MailUnavailableError:
                # The mail server is unavailable: the other mails would fail too.
                return sent
            sent += 1
        for token in tokens:
            # A token that got an expiry from an update has a mail then, and one before it expires.
            last = token.expires_at - NOTICE_BEFORE
            token.expiry_mail_at = last if last > now else None
            token.save(update_fields=["expiry_mail_at"])
    return sent
