"""Send the queued mails about transfers and claims: periodic work, with retries."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import MailUnavailableError
from registry.models import ClaimMail, TransferMail

_log = structlog.get_logger("plugport.mail")
_MAX_ATTEMPTS = 11
_MAX_WAIT_SECONDS = 6 * 3600
_MAX_SECONDS = 10.0
_BATCH_SIZE = 50
_Mail = TypeVar("_Mail", TransferMail, ClaimMail)


def send_due_mails(
    rows: QuerySet[_Mail], *, related: Sequence[str], send: Callable[[_Mail], None]
) -> int:
    """Send those of the mails that are due, with the rows that they need; returns the number of mails.

    Stops at the first failure, which is most often one of the mail server. A mail that was sent by a
    process that died before it deleted the row is sent again. Accounts that can get no mail any longer get none.
    """
    until = time.monotonic() + _MAX_SECONDS
    sent = 0
    while sent < _BATCH_SIZE and time.monotonic() < until:
        # One by one: those behind one that fails are due again with the next run, and not later.
        mail = _take(rows, related)
        if mail is None:
            break
        user = mail.user
        try:
            if user.is_active and user.is_verified and user.email:
                send(mail)
        except MailUnavailableError:
            if mail.attempts < _MAX_ATTEMPTS:
                break
            _log.error("mail_dropped", kind=type(mail).__name__, mail=str(mail))
        rows.filter(pk=mail.pk).delete()
        sent += 1
    return sent


def _take(rows: QuerySet[_Mail], related: Sequence[str]) -> _Mail | None:
    """The one that has been due longest, with the time of its next attempt: one of several workers gets it."""
    with transaction.atomic():
        due = rows.filter(due_at__lte=timezone.now())
        locked = due.select_for_update(of=("self",), skip_locked=True)
        mail = locked.order_by("due_at", "id").first()
        if mail is None:
            return None
        wait_seconds = min(60 * 2**mail.attempts, _MAX_WAIT_SECONDS)
        mail.due_at = timezone.now() + dt.timedelta(seconds=wait_seconds)
        mail.attempts += 1
        mail.save(update_fields=["attempts", "due_at"])
    return rows.select_related("user", *related).filter(pk=mail.pk).first()
