"""One function for all answers, for callers that get the answer as text."""

from __future__ import annotations

from accounts.models import User
from registry.actions.transfers.claims.answer import accept_claim, object_to_claim
from registry.actions.transfers.claims.decide import decide_claim, reverse_claim
from registry.actions.transfers.claims.make import withdraw_claim
from registry.models import Claim


def answer_claim(*, actor: User, claim_id: int, answer: str, reason: str) -> Claim:
    """Run the action of one of `CLAIM_ANSWERS`; raises what it raises."""
    if answer == "withdraw":
        return withdraw_claim(actor=actor, claim_id=claim_id)
    if answer == "accept":
        return accept_claim(actor=actor, claim_id=claim_id)
    if answer == "object":
        return object_to_claim(actor=actor, claim_id=claim_id, reason=reason)
    if answer == "reverse":
        return reverse_claim(actor=actor, claim_id=claim_id, reason=reason)
    is_granted = answer == "grant"
    return decide_claim(actor=actor, claim_id=claim_id, is_granted=is_granted, reason=reason)
