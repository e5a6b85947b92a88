"""The owners answer a claim."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.policies import check_is_verified
from accounts.queries.users import lock_unchanged_account
from registry.actions.transfers.claims.make import change_claim_state
from registry.actions.transfers.claims.texts import parse_claim_text
from registry.actions.transfers.offer import offer_plugin_transfer, offer_scope_transfer
from registry.actions.transfers.rules import check_may_give_plugin, check_may_give_scope
from registry.errors import ClaimStateError
from registry.models import Claim, ClaimState
from registry.queries.claims import get_claim, lock_claim


def accept_claim(*, actor: User, claim_id: int) -> Claim:
    """Offer what is claimed to its receiver, as an owner: from then on it is a transfer like any other.

    Writes audit entries and mails. Raises `UnknownClaimError`, `ClaimStateError` and what the offer
    raises.
    """
    check_is_verified(actor)
    with transaction.atomic():
        lock_unchanged_account(actor)
        claim = lock_claim(get_claim(actor, claim_id))
        _check_may_answer(actor, claim)
        to = claim.receiver.name
        if claim.plugin is not None:
            claim.transfer = offer_plugin_transfer(actor=actor, plugin=claim.plugin, to=to)
        elif claim.scope is not None:
            claim.transfer = offer_scope_transfer(actor=actor, scope=claim.scope, to=to)
        claim.answered_by, claim.answered_at = actor, timezone.now()
        fields = ("transfer", "answered_by", "answered_at")
        change_claim_state(actor, claim, ClaimState.ACCEPTED, fields=fields)
    return claim


def object_to_claim(*, actor: User, claim_id: int, reason: str) -> Claim:
    """Say as an owner why the claim is wrong. A moderator decides, who reads it as the claimant does.

    Writes an audit entry and mails. Raises `InvalidMessageError`, `UnknownClaimError`, `NotMemberError`,
    `ScopeOwnerError` and `ClaimStateError`.
    """
    text = parse_claim_text("reason", reason)
    with transaction.atomic():
        lock_unchanged_account(actor)
        claim = lock_claim(get_claim(actor, claim_id))
        _check_may_answer(actor, claim)
        if claim.state == ClaimState.OBJECTED:
            raise ClaimStateError("An owner has objected already, and a moderator decides.")
        claim.objection, claim.answered_by, claim.answered_at = text, actor, timezone.now()
        fields = ("objection", "answered_by", "answered_at")
        change_claim_state(actor, claim, ClaimState.OBJECTED, fields=fields)
    return claim


def _check_may_answer(actor: User, claim: Claim) -> None:
    if claim.plugin is not None:
        check_may_give_plugin(actor, claim.plugin)
    elif claim.scope is not None:
        check_may_give_scope(actor, claim.scope)
    if not claim.is_open:
        raise ClaimStateError(f"The claim to `{claim.target}` is {claim.state}.")
