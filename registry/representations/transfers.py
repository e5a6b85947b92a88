"""The JSON of transfers."""

from __future__ import annotations

from common.times import format_time
from plugport.spec.api import transfers as api
from registry.models import Plugin, Scope, Transfer
from registry.queries.transfers import list_later_readers, list_moving_plugins


def build_transfer(transfer: Transfer) -> api.Transfer:
    """Return a transfer whose parties and target are loaded."""
    accepted, due = transfer.accepted_at, transfer.takes_effect_at
    return {
        "id": transfer.pk,
        "kind": "plugin" if transfer.plugin_id is not None else "scope",
        "name": transfer.target,
        "from": {"name": transfer.giver.name, "kind": transfer.giver.kind},
        "to": {"name": transfer.receiver.name, "kind": transfer.receiver.kind},
        "state": transfer.state,
        "offeredBy": transfer.offered_by.username,
        "createdAt": format_time(transfer.created_at),
        "expiresAt": format_time(transfer.expires_at),
        "acceptedAt": format_time(accepted) if accepted is not None else None,
        "takesEffectAt": format_time(due) if due is not None else None,
    }


def build_offered_transfer(transfer: Transfer, target: Plugin | Scope) -> api.OfferedTransfer:
    """Return a new offer with what it will change: 2 queries."""
    return {
        **build_transfer(transfer),
        "plugins": list_moving_plugins(transfer).count(),
        "readers": [
            {"visibility": each.visibility, "plugins": each.plugins, "readers": each.readers}
            for each in list_later_readers(target, transfer.receiver)
        ],
    }
