"""Remind owners of tokens that expire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from django.utils import timezone

from accounts.errors import MailUnavailableError
from accounts.mails import build_url, send_mail
from accounts.models import Token, User
from accounts.models.token import NOTICE_BEFORE
from accounts.queries.organizations import list_owner_accounts
from plugport.spec.text import quote_text

# In one run. Others are left to the next one.
_MAX_TOKENS = 1000


def send_expiry_mails(now: dt.datetime | None = None) -> int:
    """Send each owner one mail about the tokens whose mail is due; returns the number of mails.

    About those of a robot, the owners of its organization get one. Periodic work of the worker. A mail
    that cannot be sent is due again in the next run. One is repeated only if the process ends before the
    transaction that follows it, or if the mail to another owner of the robot's organization fails.
    """
    now = now or timezone.now()
    due = Token.objects.filter(
        expiry_mail_at__lte=now, expires_at__gt=now, revoked_at=None, user__is_active=True
    ).select_related("user__robot_of__owner")
    sent = 0
    rows = due.order_by("user_id", "expires_at")[:_MAX_TOKENS]
    for user, group in groupby(rows, key=lambda token: token.user):
        tokens = list(group)
        try:
            sent += _send(user, tokens)
        except MailUnavailableError:
            # The mail server is unavailable: the other mails would fail too.
            return sent
        for token in tokens:
            # A token that got an expiry from an update has a mail then, and one before it expires.
            last = token.expires_at - NOTICE_BEFORE
            token.expiry_mail_at = last if last > now else None
            token.save(update_fields=["expiry_mail_at"])
    return sent


def _send(user: User, tokens: Sequence[Token]) -> int:
    """Send the mail about the tokens of one account; returns the number of mails."""
    # Quoted: a thief may have chosen the name.
    lines = [
        f"{quote_text(token.name)} ({token.start}…), on {token.expires_at:%Y-%m-%d}"
        for token in tokens
    ]
    organization = user.robot_of
    if organization is not None:
        names = {"name": organization.owner.name, "robot": user.username}
        url = build_url("organization-robot", **names)
        owners = list_owner_accounts(organization)
        for owner in owners:
            send_mail(
                "robot_tokens_expire",
                owner.email,
                robot=user.username,
                tokens=lines,
                tokens_url=url,
            )
        return len(owners)
    if not (user.email and user.is_verified):
        return 0
    url = build_url("tokens")
    send_mail("tokens_expire", user.email, user=user, tokens=lines, tokens_url=url)
    return 1
