"""Mails about claims: to the owners, the claimant, and the moderators when they are to decide.

`add_claim_mails` writes them in the transaction of a step. `send_claim_mails` is periodic work.
"""

from __future__ import annotations

import structlog

from accounts.mails import build_url, send_mail
from accounts.models import User
from registry.actions.transfers.claims.rules import list_accounts
from registry.actions.transfers.mail_queue import send_due_mails
from registry.models import Claim, ClaimMail, ClaimState

_log = structlog.get_logger("plugport.mail")

# Steps of the clock, beside the states.
REMINDER, OVER = "reminder", "over"
MAX_MODERATORS = 50
_MAX_OWNERS = 200
# The claimant made it, and waits during the clock.
_NOT_FOR_CLAIMANTS = (ClaimState.OPEN, REMINDER)
_FOR_MODERATORS = (ClaimState.OBJECTED, OVER)
_REACHABLE = User.objects.filter(is_active=True, is_verified=True, email__gt="")


def add_claim_mails(claim: Claim, step: str) -> None:
    """Write the mails about a step. Call it in the transaction of the step, at most 6 queries."""
    target = claim.claimed
    accounts = set(sorted(list_accounts(target))[:_MAX_OWNERS]) if target is not None else set()
    if step not in _NOT_FOR_CLAIMANTS:
        accounts.add(claim.claimant_id)
    if step in _FOR_MODERATORS:
        accounts.update(_list_moderators(claim))
    known = _REACHABLE.filter(pk__in=accounts).order_by("pk")
    mails = [
        ClaimMail(claim=claim, user_id=key, step=step) for key in known.values_list("pk", flat=True)
    ]
    ClaimMail.objects.bulk_create(mails, ignore_conflicts=True, batch_size=200)


def _list_moderators(claim: Claim) -> list[int]:
    """The moderators, without any the operators, who may decide too: at most 2 queries."""
    for condition in ({"is_moderator": True}, {"is_superuser": True}):
        rows = _REACHABLE.filter(**condition).order_by("pk")
        if found := list(rows.values_list("pk", flat=True)[:MAX_MODERATORS]):
            return found
    _log.error("claim_without_moderators", claim=claim.pk)
    return []


def send_claim_mails() -> int:
    """Send what is due; returns the number of mails."""
    related = ("claim__plugin", "claim__scope", "claim__claimant", "claim__receiver")
    return send_due_mails(ClaimMail.objects.all(), related=related, send=_send)


def _send(mail: ClaimMail) -> None:
    user = mail.user
    url = build_url("claim", claim_id=str(mail.claim_id))
    send_mail("claim", user.email, user=user, claim=mail.claim, step=mail.step, url=url)
