"""Claim a plugin or scope, and withdraw the claim."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from accounts.queries.users import lock_unchanged_account
from common.rate_limits import consume_quota
from registry.actions.transfers.claims.mails import add_claim_mails
from registry.actions.transfers.claims.rules import check_may_claim, list_owners
from registry.actions.transfers.claims.texts import parse_claim_text, parse_links
from registry.actions.transfers.rules import get_receiver, identify_owner
from registry.errors import ClaimStateError, NotMemberError
from registry.models import OPEN_CLAIMS, Claim, ClaimKind, ClaimState, Plugin, Scope
from registry.queries.claims import get_claim, lock_claim, lock_claimable


def make_claim(
    *,
    actor: User,
    target: Plugin | Scope,
    kind: ClaimKind,
    reason: str,
    evidence: Sequence[str] = (),
    to: str = "",
) -> Claim:
    """Claim the plugin or scope for the actor, or for an organization that the actor owns (`to`).

    Nothing changes; the owners get a mail and have `CLAIM_ANSWER_DAYS` to answer. Writes an audit entry and
    mails. Raises `InvalidMessageError`, `UnknownUserError`, `PasswordChangedError`, `RateLimitedError`
    and what `check_may_claim` raises.
    """
    reason, links = parse_claim_text("reason", reason), parse_links(evidence)
    receiver = get_receiver(to or actor.username)
    check_may_claim(actor, target, kind, receiver)
    with transaction.atomic():
        lock_unchanged_account(actor)
        locked = lock_claimable(target)
        # Again: another claim may have been made, and an owner may be back.
        check_may_claim(actor, locked, kind, receiver)
        consume_quota("claim", f"account:{actor.pk}")
        now = timezone.now()
        claim = Claim.objects.create(
            plugin=locked if isinstance(locked, Plugin) else None,
            scope=locked if isinstance(locked, Scope) else None,
            kind=kind,
            claimant=actor,
            receiver=receiver,
            reason=reason,
            evidence=links,
            created_at=now,
            answer_by=now + dt.timedelta(days=settings.CLAIM_ANSWER_DAYS),
        )
        record_claim_step(actor, claim, "made")
        add_claim_mails(claim, ClaimState.OPEN)
    return claim


def withdraw_claim(*, actor: User, claim_id: int) -> Claim:
    """End a claim of the actor that nobody has decided. Writes an audit entry and mails.

    Raises `UnknownClaimError`, `NotMemberError` and `ClaimStateError`.
    """
    with transaction.atomic():
        claim = lock_claim(get_claim(actor, claim_id))
        if claim.claimant_id != actor.pk:
            raise NotMemberError(f"Only `{claim.claimant}` can withdraw the claim.")
        if not claim.is_open:
            raise ClaimStateError(f"The claim to `{claim.target}` is {claim.state}.")
        change_claim_state(actor, claim, ClaimState.WITHDRAWN)
    return claim


def withdraw_claims_of(user: User) -> None:
    """Withdraw the open claims of an account that is being closed, and those for it."""
    rows = Claim.objects.filter(claimant=user, state__in=OPEN_CLAIMS)
    for each in rows.order_by("pk"):
        claim = lock_claim(each)
        if claim.is_open:
            change_claim_state(user, claim, ClaimState.WITHDRAWN)


def change_claim_state(
    actor: User, claim: Claim, state: ClaimState, *, fields: Sequence[str] = (), **details: Any
) -> None:
    """Write the new state of a claim, which is locked, with its audit entry and mails."""
    claim.state = state
    claim.save(update_fields=["state", *fields])
    record_claim_step(actor, claim, str(state), **details)
    add_claim_mails(claim, state)


def record_claim_step(actor: User, claim: Claim, step: str, **details: Any) -> None:
    """Write the audit entry of a step. The texts of the parties stay out: the log cannot forget them."""
    target = claim.claimed
    kind = "plugin" if claim.plugin_id is not None else "scope"
    record_audit_entry(
        actor=actor,
        action=f"{kind}.claim-{step}",
        target=target or claim.target,
        subject=claim.receiver,
        before=[identify_owner(owner) for owner in list_owners(target)] if target else [],
        after=[identify_owner(claim.receiver)],
        kind=claim.kind,
        **details,
    )
