"""Mails about claims: to the owners, the claimant, and the moderators when they are to decide.

`add_claim_mails` writes them in the transaction of a step. `send_claim_mails` is periodic work.
"""

from __future__ import annotations

import datetime as dt
import time

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.errors import MailUnavailableError
from accounts.mails import build_url, send_mail
from accounts.models import User
from registry.actions.transfers.claims.rules import list_accounts
from registry.models import Claim, ClaimMail, ClaimState

_log = structlog.get_logger("plugport.mail")
# Steps of the clock, beside the states.
REMINDER, OVER = "reminder", "over"
MAX_MODERATORS = 50
_MAX_OWNERS = 200
_MAX_ATTEMPTS = 11
_MAX_WAIT_SECONDS = 6 * 3600
_MAX_SECONDS = 10.0
_BATCH_SIZE = 50
# The claimant made it, and waits during the clock.
_NOT_FOR_CLAIMANTS = (ClaimState.OPEN, REMINDER)
_FOR_MODERATORS = (ClaimState.OBJECTED, OVER)


def add_claim_mails(claim: Claim, step: str) -> None:
    """Write the mails about a step. Call it in the transaction of the step, at most 5 queries."""
    target = claim.plugin if claim.plugin is not None else claim.scope
    accounts = set(sorted(list_accounts(target))[:_MAX_OWNERS]) if target is not None else set()
    if step not in _NOT_FOR_CLAIMANTS:
        accounts.add(claim.claimant_id)
    if step in _FOR_MODERATORS:
        moderators = User.objects.filter(is_moderator=True, is_active=True).order_by("pk")
        accounts.update(moderators.values_list("pk", flat=True)[:MAX_MODERATORS])
    known = User.objects.filter(
        pk__in=accounts, is_active=True, is_verified=True, email__gt=""
    ).order_by("pk")
    mails = [
        ClaimMail(claim=claim, user_id=key, step=step) for key in known.values_list("pk", flat=True)
    ]
    ClaimMail.objects.bulk_create(mails, ignore_conflicts=True, batch_size=200)


def send_claim_mails() -> int:
    """Send what is due; returns the number of mails.

    Stops at the first failure, which is most often one of the mail server. A mail that was sent by a
    process that died before it deleted the row is sent again.
    """
    until = time.monotonic() + _MAX_SECONDS
    sent = 0
    while sent < _BATCH_SIZE and time.monotonic() < until:
        # One by one: those behind one that fails are due again with the next run, and not later.
        mail = _take()
        if mail is None:
            break
        try:
            _send(mail)
        except MailUnavailableError:
            if mail.attempts < _MAX_ATTEMPTS:
                break
            _log.error("claim_mail_dropped", claim=mail.claim_id, step=mail.step)
        ClaimMail.objects.filter(pk=mail.pk).delete()
        sent += 1
    return sent


def _take() -> ClaimMail | None:
    """The one that has been due longest, with the time of its next attempt: one of several workers gets it."""
    with transaction.atomic():
        due = ClaimMail.objects.filter(due_at__lte=timezone.now())
        locked = due.select_for_update(of=("self",), skip_locked=True)
        mail = locked.order_by("due_at", "id").first()
        if mail is None:
            return None
        wait_seconds = min(60 * 2**mail.attempts, _MAX_WAIT_SECONDS)
        mail.due_at = timezone.now() + dt.timedelta(seconds=wait_seconds)
        mail.attempts += 1
        mail.save(update_fields=["attempts", "due_at"])
    related = ("user", "claim__plugin", "claim__scope", "claim__claimant", "claim__receiver")
    return ClaimMail.objects.select_related(*related).filter(pk=mail.pk).first()


def _send(mail: ClaimMail) -> None:
    user = mail.user
    # Since the step.
    if not (user.is_active and user.is_verified and user.email):
        return
    url = build_url("claim", claim_id=str(mail.claim_id))
    send_mail("claim", user.email, user=user, claim=mail.claim, step=mail.step, url=url)
