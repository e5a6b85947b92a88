"""Accept, decline and cancel transfers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from accounts.policies import check_is_verified
from accounts.queries.users import lock_unchanged_account
from registry.actions.transfers.mails import add_transfer_mails
from registry.actions.transfers.rules import (
    check_may_give_plugin,
    check_may_give_scope,
    check_plugin_can_move,
    check_scope_can_move,
    has_hidden_plugins,
    identify_owner,
)
from registry.errors import NotMemberError, TransferStateError
from registry.journal import append_entries
from registry.models import (
    Claim,
    ClaimKind,
    ClaimState,
    Plugin,
    Scope,
    Transfer,
    TransferState,
)
from registry.publishing.ownership import iter_change_entries, write_ownership
from registry.queries.transfers import (
    build_giver_condition,
    get_transfer,
    is_receiver,
    list_moving_plugins,
    lock_transfer,
)


def accept_transfer(*, actor: User, transfer_id: int) -> Transfer:
    """Accept what is offered to the actor, or to an organization of which it is an owner.

    It takes effect after `TRANSFER_DELAY_HOURS`, and is public from now on. Writes audit and journal entries
    and mails, also to the owners of direct dependents. Raises `EmailNotVerifiedError`, `UnknownTransferError`,
    `NotMemberError`, `TransferStateError`, and what the offer raises if it is not possible any longer.
    """
    check_is_verified(actor)
    with transaction.atomic():
        lock_unchanged_account(actor)
        transfer = _lock(actor, transfer_id)
        if not is_receiver(actor, transfer):
            raise NotMemberError(f"Only `{transfer.receiver.name}` can accept `{transfer.target}`.")
        if transfer.state != TransferState.OFFERED:
            raise TransferStateError(f"`{transfer.target}` is accepted.")
        check_offer_stands(transfer)
        now = timezone.now()
        transfer.state = TransferState.ACCEPTED
        transfer.accepted_by = actor
        transfer.accepted_at = now
        transfer.takes_effect_at = now + dt.timedelta(hours=settings.TRANSFER_DELAY_HOURS)
        transfer.save(update_fields=["state", "accepted_by", "accepted_at", "takes_effect_at"])
        record_step(actor, transfer, "accepted", takes_effect_at=transfer.takes_effect_at)
        show_step(transfer, TransferState.ACCEPTED)
    return transfer


def decline_transfer(*, actor: User, transfer_id: int) -> Transfer:
    """End an offer to the actor; returns it. Writes an audit entry and mails.

    Raises `UnknownTransferError`, `NotMemberError` and `TransferStateError`.
    """
    with transaction.atomic():
        transfer = _lock(actor, transfer_id)
        if not is_receiver(actor, transfer):
            raise NotMemberError(
                f"Only `{transfer.receiver.name}` can decline `{transfer.target}`."
            )
        if transfer.state != TransferState.OFFERED:
            raise TransferStateError(
                f"`{transfer.target}` is accepted.", hint="Cancel the transfer instead."
            )
        end_transfer(actor, transfer, TransferState.DECLINED)
    return transfer


def cancel_transfer(*, actor: User, transfer_id: int) -> Transfer:
    """End a transfer that has not taken effect: an owner of what moves, or the receiver after accepting.

    Writes audit and journal entries and mails. Raises `UnknownTransferError`, and `TransferStateError` for a
    receiver that has not accepted.
    """
    with transaction.atomic():
        transfer = _lock(actor, transfer_id)
        if transfer.state == TransferState.OFFERED and not _is_giver(actor, transfer):
            raise TransferStateError(
                f"`{transfer.target}` is not accepted yet.", hint="Decline the offer instead."
            )
        _check_stands_against(actor, transfer)
        end_transfer(actor, transfer, TransferState.CANCELED)
    return transfer


def _check_stands_against(actor: User, transfer: Transfer) -> None:
    """Raise `TransferStateError` if the actor, who gives, cannot cancel what a moderator decided.

    An owner who is back keeps a plugin that was taken for abandoned: 1 query, 2 for a granted name.
    """
    granted = find_grant(transfer)
    if granted is None or granted.kind == ClaimKind.ADOPTION or is_receiver(actor, transfer):
        return
    raise TransferStateError(
        f"A moderator decided that `{transfer.target}` belongs to `{transfer.receiver.name}`.",
        hint="Write to the moderators of this registry, who can take the decision back.",
    )


def find_grant(transfer: Transfer) -> Claim | None:
    """The claim that a moderator granted with this transfer: 1 query."""
    return Claim.objects.filter(transfer=transfer, state=ClaimState.GRANTED).first()


def end_transfer(
    actor: User | None,
    transfer: Transfer,
    state: TransferState,
    reason: str = "",
    *,
    code: str = "",
) -> None:
    """End a transfer without effect. Call it with what moves locked. `actor` None is the registry.

    `reason` is for the parties, `code` for the audit log.
    """
    transfer.state = state
    transfer.reason = reason[:300]
    transfer.ended_at = timezone.now()
    transfer.save(update_fields=["state", "reason", "ended_at"])
    record_step(actor, transfer, str(state), **({"code": code} if code else {}))
    show_step(transfer, state)


def record_step(actor: User | None, transfer: Transfer, step: str, **details: Any) -> None:
    """Write the audit entry of a step."""
    target: Plugin | Scope | None = transfer.plugin or transfer.scope
    kind = "plugin" if transfer.plugin_id is not None else "scope"
    at = details.pop("takes_effect_at", None)
    if at is not None:
        details["takes_effect_at"] = at.isoformat()
    record_audit_entry(
        actor=actor,
        action=f"{kind}.transfer-{step}",
        target=target or transfer.target,
        subject=transfer.receiver,
        before=[identify_owner(transfer.giver)],
        after=[identify_owner(transfer.receiver)],
        **details,
    )


def show_step(transfer: Transfer, step: TransferState) -> None:
    """Write the mails, and what the public documents say if the transfer was or is public."""
    plugins = list_moving_plugins(transfer)
    add_transfer_mails(transfer, step, plugins=plugins)
    if transfer.accepted_at is None:
        return
    keys = list(plugins.values_list("pk", flat=True))
    list(Plugin.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))
    written = write_ownership(keys)
    at = transfer.takes_effect_at if step == TransferState.ACCEPTED else None
    to = transfer.receiver.name if at is not None else None
    data = {"to": to, "at": at.isoformat() if at is not None else None}
    append_entries([*iter_change_entries(written, "plugin.transfer-pending", **data)])


def check_offer_stands(transfer: Transfer) -> None:
    """Raise unless the account that offered it still may, and the receiver still can have it.

    Nobody receives a plugin on the word of a person who is no longer there. A decision of a moderator was
    valid when it was made, and stands whatever becomes of its account: other moderators can take it back.
    """
    # Its sessions do not matter: the rules about how people sign in counted when it offered.
    giver = None if find_grant(transfer) is not None else transfer.offered_by.as_absent()
    if giver is not None and not giver.is_active:
        raise TransferStateError("The account that offered it is closed.")
    if transfer.plugin is not None:
        if giver is not None:
            check_may_give_plugin(giver, transfer.plugin)
        check_plugin_can_move(transfer.plugin, transfer.receiver)
    elif transfer.scope is not None:
        if giver is not None:
            check_may_give_scope(giver, transfer.scope)
        elif has_hidden_plugins(transfer.scope):
            # Without the reason: the claimant must not learn of them.
            raise TransferStateError(
                f"`{transfer.scope}` changed since the decision.",
                hint="Ask a moderator to decide again.",
            )
        # None: no claim moves an official scope, not even one that became it since.
        check_scope_can_move(giver, transfer.scope, transfer.receiver)


def _is_giver(actor: User, transfer: Transfer) -> bool:
    rows = Transfer.objects.filter(build_giver_condition(actor), pk=transfer.pk)
    return rows.exists()


def _lock(actor: User, transfer_id: int) -> Transfer:
    """The open transfer, with what moves locked. Raises `UnknownTransferError`."""
    lock_transfer(get_transfer(actor, transfer_id))
    # Again: it may have ended since, and the actor may have no part in it any longer.
    return get_transfer(actor, transfer_id)
