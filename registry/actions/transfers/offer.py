"""Offer a plugin or a scope to another owner."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import Owner, User
from accounts.policies import check_is_verified
from accounts.queries.users import lock_unchanged_account
from common.rate_limits import consume_quota
from registry.actions.transfers.answer import end_transfer
from registry.actions.transfers.mails import add_transfer_mails
from registry.actions.transfers.rules import (
    check_may_give_plugin,
    check_may_give_scope,
    check_plugin_can_move,
    check_scope_can_move,
    find_receiver_problem,
    get_receiver,
    identify_owner,
)
from registry.errors import TransferLimitError, TransferPendingError, TransferReceiverError
from registry.models import Plugin, Role, Scope, Transfer, TransferState
from registry.publishing.ownership import find_publisher
from registry.queries.members import lock_plugin
from registry.queries.transfers import find_open_transfer, lock_scope, select_plugins_of

OFFER_DAYS = 14
# All move in one transaction, for whose time SQLite has no other writer.
MAX_MOVING_PLUGINS = 1_000


def offer_plugin_transfer(*, actor: User, plugin: Plugin, to: str) -> Transfer:
    """Offer the plugin to the person or organization `to`; nothing changes until it is accepted.

    Writes an audit entry and mails to the owners of both sides. Raises `EmailNotVerifiedError`, `NotMemberError`,
    `ScopeOwnerError`, `UnknownUserError`, `MovesWithScopeError`, `TransferReceiverError`,
    `TransferPendingError`, `UnknownPluginError`, `PasswordChangedError` and `RateLimitedError`.
    """
    check_is_verified(actor)
    check_may_give_plugin(actor, plugin)
    receiver = get_receiver(to)
    with transaction.atomic():
        lock_unchanged_account(actor)
        if plugin.scope_id is not None:
            lock_scope(plugin.scope_id)
        locked = lock_plugin(plugin)
        # Again: the actor may have been removed since.
        check_may_give_plugin(actor, locked)
        check_plugin_can_move(locked, receiver)
        giver = find_publisher(locked)
        return create_offer(actor, locked, giver or actor.owner, receiver)


def offer_scope_transfer(*, actor: User, scope: Scope, to: str) -> Transfer:
    """Offer the scope, with the plugins in it that its owner owns. See `offer_plugin_transfer`.

    Raises also `OwnNameScopeError`, `OfficialScopeError`, `ScopeLimitError` and `TransferLimitError`.
    """
    check_is_verified(actor)
    check_may_give_scope(actor, scope)
    receiver = get_receiver(to)
    with transaction.atomic():
        lock_unchanged_account(actor)
        locked = lock_scope(scope.pk)
        check_may_give_scope(actor, locked)
        check_scope_can_move(actor, locked, receiver)
        check_can_move_at_once(locked)
        return create_offer(actor, locked, locked.owner, receiver)


def check_can_move_at_once(scope: Scope) -> None:
    """Raise `TransferLimitError` for a scope with more plugins than move in one transaction: 1 query."""
    count = select_plugins_of(scope.pk, scope.owner_id).count()
    if count > MAX_MOVING_PLUGINS:
        raise TransferLimitError(
            f"`{scope}` has {count} plugins; at most {MAX_MOVING_PLUGINS} move at once.",
            hint="Ask the operator of this registry.",
        )


def create_offer(
    actor: User, target: Plugin | Scope, giver: Owner, receiver: Owner, *, is_decision: bool = False
) -> Transfer:
    """Offer what is locked, after all checks. A decision on a claim does not count for the actor's limit.

    Raises `TransferReceiverError`, `TransferPendingError` and `RateLimitedError`.
    """
    if problem := find_receiver_problem(receiver):
        raise TransferReceiverError(f"`{target}` cannot move to `{receiver.name}`. {problem}")
    _end_expired(target)
    pending = find_open_transfer(target)
    if pending is not None:
        raise TransferPendingError(
            f"`{target}` is {'moving' if pending.accepted_at else 'offered'} to `{pending.receiver.name}`.",
            hint="Cancel that transfer first.",
        )
    if not is_decision:
        consume_quota("transfer", f"account:{actor.pk}")
    now = timezone.now()
    is_plugin = isinstance(target, Plugin)
    transfer = Transfer.objects.create(
        plugin=target if isinstance(target, Plugin) else None,
        scope=target if isinstance(target, Scope) else None,
        giver=giver,
        receiver=receiver,
        offered_by=actor,
        created_at=now,
        expires_at=now + dt.timedelta(days=OFFER_DAYS),
    )
    record_audit_entry(
        actor=actor,
        action=f"{'plugin' if is_plugin else 'scope'}.transfer-offered",
        target=target,
        subject=receiver,
        before=_identify_owners(target),
        after=[identify_owner(receiver)],
    )
    add_transfer_mails(transfer, TransferState.OFFERED)
    return transfer


def _identify_owners(target: Plugin | Scope) -> list[str]:
    if isinstance(target, Scope):
        return [identify_owner(target.owner)]
    members = target.members.filter(role=Role.OWNER).select_related("holder")
    return [identify_owner(member.holder) for member in members.order_by("created_at", "pk")]


def _end_expired(target: Plugin | Scope) -> None:
    field = "plugin" if isinstance(target, Plugin) else "scope"
    rows = Transfer.objects.filter(
        **{field: target}, state=TransferState.OFFERED, expires_at__lte=timezone.now()
    )
    for transfer in rows.select_related("plugin", "scope", "giver", "receiver"):
        end_transfer(None, transfer, TransferState.EXPIRED)
