"""Let accepted transfers take effect when their delay is over, and end offers that nobody answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import Organization, Owner, User
from plugport.spec.errors import PlugportError
from plugport.spec.text import remove_nul, shorten_text
from registry.actions.transfers.answer import check_offer_stands, end_transfer
from registry.actions.transfers.ending import (
    end_team_rights,
    end_trusted_publishers,
    list_accounts_of,
    reject_unpublished,
    revoke_useless_tokens,
)
from registry.actions.transfers.mails import add_transfer_mails
from registry.actions.transfers.rules import find_receiver_problem, identify_owner
from registry.errors import TransferReceiverError, UnknownPluginError
from registry.journal import append_entries
from registry.models import (
    OPEN_STATES,
    Invitation,
    Member,
    Plugin,
    Release,
    Role,
    Transfer,
    TransferState,
    Trust,
)
from registry.publishing.ownership import find_publisher, iter_change_entries, write_ownership
from registry.queries.transfers import list_moving_plugins, lock_transfer

_log = structlog.get_logger("plugport.transfers")
_BATCH_SIZE = 50
_MAX_WAIT_SECONDS = 6 * 3600
# Trust that people gave to the former owner.
_GIVEN_TRUST = (Trust.VERIFIED, Trust.OFFICIAL)


def run_due_transfers() -> int:
    """Let what is due take effect, each once and in its own transaction; returns how many did.

    Also ends expired offers. One that fails with an error is tried again later, each time after twice the
    time, and after all that have failed less often. Moderators see it on the overview.
    """
    now = timezone.now()
    ready = Transfer.objects.filter(Q(retry_at=None) | Q(retry_at__lte=now))
    due = ready.filter(state=TransferState.ACCEPTED, takes_effect_at__lte=now)
    late = ready.filter(state=TransferState.OFFERED, expires_at__lte=now)
    completed = 0
    for key in _list_keys(due.order_by("failures", "takes_effect_at", "pk")):
        completed += _run(key, is_due=True)
    for key in _list_keys(late.order_by("failures", "expires_at", "pk")):
        _run(key, is_due=False)
    return completed


def _list_keys(rows: QuerySet[Transfer]) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:_BATCH_SIZE])


def _run(key: int, *, is_due: bool) -> bool:
    try:
        return _complete(key) if is_due else _expire(key)
    except Exception as error:  # noqa: BLE001 -- logged; the others must not wait for it
        _log.exception("transfer_not_run", transfer=key)
        _record_failure(key, f"{type(error).__name__}: {error}")
        return False


@transaction.atomic
def _record_failure(key: int, error: str) -> None:
    transfer = Transfer.objects.select_for_update(of=("self",)).filter(pk=key).first()
    if transfer is None:
        return
    transfer.failures += 1
    wait_seconds = min(60 * 2 ** min(transfer.failures, 20), _MAX_WAIT_SECONDS)
    transfer.retry_at = timezone.now() + dt.timedelta(seconds=wait_seconds)
    transfer.last_error = shorten_text(remove_nul(error), 500)
    transfer.save(update_fields=["failures", "retry_at", "last_error"])


@transaction.atomic
def _expire(key: int) -> bool:
    transfer = _lock(key)
    if transfer is not None and transfer.state == TransferState.OFFERED:
        end_transfer(None, transfer, TransferState.EXPIRED)
    return False


@transaction.atomic
def _complete(key: int) -> bool:
    """Whether it took effect. A second run, also at the same time, finds it completed."""
    transfer = _lock(key)
    if transfer is None or transfer.state != TransferState.ACCEPTED:
        return False
    moving = list_moving_plugins(transfer).select_for_update(of=("self",))
    plugins = list(moving.select_related("scope").order_by("pk"))
    _lock_organizations(transfer, plugins)
    if problem := _find_problem(transfer):
        code, reason = problem
        end_transfer(None, transfer, TransferState.FAILED, reason, code=code)
        return False
    _move(transfer, plugins)
    return True


def _lock(key: int) -> Transfer | None:
    """The transfer with its parties and what moves locked; None if it is gone."""
    transfer = Transfer.objects.filter(pk=key).select_related("receiver", "plugin").first()
    if transfer is None:
        return None
    # Accounts before plugins, as everywhere: one that is being closed must not receive anything.
    parties = [transfer.offered_by_id, transfer.receiver.user_id]
    accounts = User.objects.select_for_update(no_key=True).filter(pk__in=filter(None, parties))
    list(accounts.order_by("pk").values_list("pk"))
    try:
        return lock_transfer(transfer)
    except UnknownPluginError:
        return None


def _lock_organizations(transfer: Transfer, plugins: Sequence[Plugin]) -> None:
    """Their members keep their roles until the commit, or have lost them already."""
    owners = Owner.objects.filter(memberships__plugin__in=plugins).values("pk")
    parties = Owner.objects.filter(pk__in=(transfer.giver_id, transfer.receiver_id)).values("pk")
    rows = Organization.objects.filter(owner__in=owners) | Organization.objects.filter(
        owner__in=parties
    )
    keys = sorted(set(rows.values_list("pk", flat=True)))
    locked = Organization.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys)
    list(locked.order_by("pk").values_list("pk"))


def _find_problem(transfer: Transfer) -> tuple[str, str] | None:
    """The code of an error and why it cannot take effect, None if it can."""
    try:
        check_offer_stands(transfer)
    except PlugportError as error:
        return error.code, error.detail
    problem = find_receiver_problem(transfer.receiver)
    return (TransferReceiverError.code, problem) if problem else None


def _move(transfer: Transfer, plugins: Sequence[Plugin]) -> None:
    """Give everything to the receiver, and write who was the owner before."""
    receiver, scope, now = transfer.receiver, transfer.scope, timezone.now()
    keys = [plugin.pk for plugin in plugins]
    if transfer.plugin is not None:
        transfer.giver = find_publisher(transfer.plugin) or transfer.giver
    former = _replace_owners(keys, receiver)
    if scope is not None:
        former.append(scope.owner)
        scope.owner = receiver
        scope.save(update_fields=["owner"])
        _end_parts(transfer, keys)
    Invitation.objects.filter(plugin__in=keys).delete()
    accounts = list_accounts_of([owner for owner in former if owner.pk != receiver.pk])
    end_team_rights(receiver, keys, scope)
    end_trusted_publishers(keys, scope)
    reject_unpublished(keys, f"`{transfer.target}` got another owner.")
    revoke_useless_tokens(accounts, plugins, scope)
    Release.objects.filter(plugin__in=keys, trust__in=_GIVEN_TRUST).update(trust=Trust.COMMUNITY)
    Plugin.objects.filter(pk__in=keys, trust__in=_GIVEN_TRUST).update(trust=Trust.COMMUNITY)
    Plugin.objects.filter(pk__in=keys, featured_at__isnull=False).update(featured_at=None)
    Plugin.objects.filter(pk__in=keys, seeks_adoption=True).update(seeks_adoption=False)
    transfer.state, transfer.ended_at = TransferState.COMPLETED, now
    transfer.save(update_fields=["state", "ended_at", "giver"])
    if scope is not None:
        Transfer.objects.bulk_create([_build_part(transfer, key) for key in keys], batch_size=200)
    _record(transfer, plugins, former)
    persons = [owner.user_id for owner in former if owner.user_id is not None]
    moved = list_moving_plugins(transfer) if scope is None else Plugin.objects.filter(pk__in=keys)
    add_transfer_mails(transfer, TransferState.COMPLETED, plugins=moved, former=persons)
    written = write_ownership(keys)
    data = {"from": transfer.giver.name, "to": receiver.name}
    append_entries(
        [
            *iter_change_entries(written, "plugin.owners-changed", owners=[receiver.name]),
            *iter_change_entries(written, "plugin.transferred", **data),
        ]
    )


def _replace_owners(keys: Sequence[int], receiver: Owner) -> list[Owner]:
    """Make the receiver the only owner of the plugins; returns the former owners."""
    rows = Member.objects.filter(plugin__in=keys, role=Role.OWNER)
    former = list(Owner.objects.filter(pk__in=rows.values("holder")).select_related("user"))
    rows.exclude(holder=receiver).delete()
    known = Member.objects.filter(plugin__in=keys, holder=receiver)
    known.exclude(role=Role.OWNER).update(role=Role.OWNER, created_at=timezone.now())
    present = set(known.values_list("plugin_id", flat=True))
    Member.objects.bulk_create(
        [
            Member(plugin_id=key, holder=receiver, role=Role.OWNER)
            for key in keys
            if key not in present
        ],
        batch_size=200,
    )
    return former


def _end_parts(transfer: Transfer, keys: Sequence[int]) -> None:
    """End transfers of single plugins in the scope: their owners have changed."""
    others = Transfer.objects.filter(plugin__in=keys, state__in=OPEN_STATES)
    for other in others.select_related("plugin", "giver", "receiver"):
        reason = f"The scope `{transfer.target}` got another owner."
        end_transfer(None, other, TransferState.CANCELED, reason)


def _build_part(transfer: Transfer, key: int) -> Transfer:
    return Transfer(
        plugin_id=key,
        part_of=transfer,
        giver=transfer.giver,
        receiver=transfer.receiver,
        offered_by=transfer.offered_by,
        accepted_by=transfer.accepted_by,
        state=TransferState.COMPLETED,
        created_at=transfer.created_at,
        expires_at=transfer.expires_at,
        accepted_at=transfer.accepted_at,
        takes_effect_at=transfer.takes_effect_at,
        ended_at=transfer.ended_at,
    )


def _record(transfer: Transfer, plugins: Sequence[Plugin], former: Sequence[Owner]) -> None:
    before = sorted({identify_owner(owner) for owner in former})
    after = [identify_owner(transfer.receiver)]
    if transfer.scope is not None:
        record_audit_entry(
            actor=None,
            action="scope.transferred",
            target=transfer.scope,
            subject=transfer.receiver,
            before=[identify_owner(transfer.giver)],
            after=after,
        )
    for plugin in plugins:
        record_audit_entry(
            actor=None,
            action="plugin.transferred",
            target=plugin,
            subject=transfer.receiver,
            before=before,
            after=after,
        )
