"""The time that owners have to answer: a reminder before its end, and notice to moderators after it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from registry.actions.transfers.claims.mails import OVER, REMINDER, add_claim_mails
from registry.models import Claim, ClaimClock, ClaimState
from registry.queries.claims import lock_claim

REMINDER_DAYS = 7
_BATCH_SIZE = 50


def run_claim_clocks() -> int:
    """Write the mails that are due, each once; returns for how many claims."""
    now = timezone.now()
    running = Claim.objects.filter(state=ClaimState.OPEN).exclude(clock=ClaimClock.OVER)
    soon = Q(clock=ClaimClock.RUNNING, answer_by__lte=now + dt.timedelta(days=REMINDER_DAYS))
    keys = running.filter(soon | Q(answer_by__lte=now)).order_by("answer_by", "pk")
    return sum(_advance(key) for key in keys.values_list("pk", flat=True)[:_BATCH_SIZE])


@transaction.atomic
def _advance(key: int) -> bool:
    claim = Claim.objects.filter(pk=key).first()
    if claim is None:
        return False
    claim = lock_claim(claim)
    is_over = claim.answer_by <= timezone.now()
    clock = ClaimClock.OVER if is_over else ClaimClock.REMINDED
    # Answered, or done by another worker, since it was selected.
    if claim.state != ClaimState.OPEN or claim.clock == clock:
        return False
    claim.clock = clock
    claim.save(update_fields=["clock"])
    add_claim_mails(claim, OVER if is_over else REMINDER)
    return True
