"""A moderator decides on a claim."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from registry.actions.parse_message import parse_reason
from registry.actions.transfers.answer import end_transfer
from registry.actions.transfers.claims.make import change_claim_state
from registry.actions.transfers.claims.rules import (
    check_can_receive,
    check_is_abandoned,
    check_is_public,
    check_may_decide_claim,
)
from registry.actions.transfers.offer import create_offer
from registry.actions.transfers.rules import has_hidden_plugins
from registry.errors import ClaimRefusedError, ClaimStateError
from registry.models import Claim, ClaimKind, ClaimState, Transfer, TransferState
from registry.publishing.ownership import find_publisher
from registry.queries.claims import get_claim, lock_claim
from registry.queries.transfers import lock_transfer


def decide_claim(*, actor: User, claim_id: int, is_granted: bool, reason: str) -> Claim:
    """Grant or refuse a claim as a moderator. The reason is public.

    A claim is granted when an owner objected or the time to answer is over, and refused at any time. What
    is granted is offered to the receiver, and moves after its acceptance and the delay of all transfers.
    Writes audit entries and mails. Raises `InvalidMessageError`, `UnknownClaimError`, `NotMemberError`,
    `ClaimStateError`, `NotAbandonedError` for what an owner has come back to, `ClaimRefusedError` for what
    is no longer public, and what the offer raises.
    """
    reason = parse_reason(reason)
    with transaction.atomic():
        claim = lock_claim(get_claim(actor, claim_id))
        check_may_decide_claim(actor, claim)
        if not claim.is_open:
            raise ClaimStateError(f"The claim to `{claim.target}` is {claim.state}.")
        if is_granted:
            if not claim.is_ready:
                raise ClaimStateError(
                    f"The owners of `{claim.target}` have until {claim.answer_by:%Y-%m-%d %H:%M} UTC"
                    " to answer.",
                    hint="You can refuse the claim now, or grant it then.",
                )
            claim.transfer = _offer(actor, claim)
        claim.decision, claim.decided_by, claim.decided_at = reason, actor, timezone.now()
        state = ClaimState.GRANTED if is_granted else ClaimState.REFUSED
        fields = ("transfer", "decision", "decided_by", "decided_at")
        change_claim_state(actor, claim, state, fields=fields, reason=reason)
    return claim


def reverse_claim(*, actor: User, claim_id: int, reason: str) -> Claim:
    """Take a grant back as a moderator, before the transfer takes effect. The reason is public.

    Writes audit entries and mails. Raises as `decide_claim`.
    """
    reason = parse_reason(reason)
    with transaction.atomic():
        claim = lock_claim(get_claim(actor, claim_id))
        check_may_decide_claim(actor, claim)
        transfer = claim.transfer
        if claim.state != ClaimState.GRANTED or transfer is None:
            raise ClaimStateError(f"The claim to `{claim.target}` is {claim.state}.")
        transfer = lock_transfer(transfer)
        if not transfer.is_open:
            raise ClaimStateError(f"The transfer of `{claim.target}` is {transfer.state}.")
        end_transfer(actor, transfer, TransferState.CANCELED, reason)
        claim.decision, claim.decided_by, claim.decided_at = reason, actor, timezone.now()
        fields = ("decision", "decided_by", "decided_at")
        change_claim_state(actor, claim, ClaimState.REVERSED, fields=fields, reason=reason)
    return claim


def _offer(actor: User, claim: Claim) -> Transfer:
    target = claim.claimed
    if target is None:
        raise ClaimStateError("What was claimed is gone.")
    # It may have been public only when it was claimed.
    check_is_public(target)
    if claim.scope is not None and has_hidden_plugins(claim.scope):
        raise ClaimRefusedError(
            f"`{target}` has plugins that are not public. A decision does not move them.",
            hint="Only the owner of the scope can transfer it with them.",
        )
    check_can_receive(target, claim.receiver)
    if claim.kind == ClaimKind.ADOPTION:
        check_is_abandoned(target)
    giver = find_publisher(claim.plugin) if claim.plugin is not None else None
    if claim.scope is not None:
        giver = claim.scope.owner
    return create_offer(actor, target, giver or claim.receiver, claim.receiver, is_decision=True)
