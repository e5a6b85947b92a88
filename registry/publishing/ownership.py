"""Who owns a plugin, as its public document says it: owners, publisher, transfers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.models import Owner
from common.times import format_time
from plugport.spec.api import plugins as api
from registry.models import Member, Plugin, Role, Transfer, TransferState, Trust

# In the document. Older ones are in the log of the plugin.
MAX_TRANSFERS = 20
_BATCH_SIZE = 100


def build_ownership(plugins: Collection[Plugin]) -> dict[int, api.Ownership]:
    """The facts about each plugin, by key: 2 queries. The documents of the plugins are loaded."""
    owners: dict[int, list[Member]] = defaultdict(list)
    keys = [plugin.pk for plugin in plugins]
    rows = Member.objects.filter(plugin__in=keys, role=Role.OWNER).select_related("holder")
    for member in rows.order_by("created_at", "id"):
        owners[member.plugin_id].append(member)
    scopes = {plugin.scope_id for plugin in plugins if plugin.scope_id is not None}
    transfers: dict[int, list[Transfer]] = defaultdict(list)
    pending: dict[tuple[str, int | None], Transfer] = {}
    found = Transfer.objects.filter(
        Q(plugin__in=keys, state__in=(TransferState.ACCEPTED, TransferState.COMPLETED))
        | Q(scope__in=scopes, state=TransferState.ACCEPTED)
    )
    for transfer in found.select_related("giver", "receiver").order_by("-ended_at", "-id"):
        if transfer.state == TransferState.COMPLETED:
            transfers[transfer.plugin_id or 0].append(transfer)
        elif transfer.plugin_id is not None:
            pending["plugin", transfer.plugin_id] = transfer
        else:
            pending["scope", transfer.scope_id] = transfer
    return {
        plugin.pk: _build_facts(
            plugin,
            owners[plugin.pk],
            transfers[plugin.pk],
            pending.get(("plugin", plugin.pk)) or pending.get(("scope", plugin.scope_id)),
        )
        for plugin in plugins
    }


def _build_facts(
    plugin: Plugin,
    owners: Collection[Member],
    transfers: Collection[Transfer],
    pending: Transfer | None,
) -> api.Ownership:
    holders = {member.holder_id for member in owners}
    # In the transfer of a scope, plugins of which its owner is no owner stay where they are.
    moves = pending is not None and (pending.plugin_id is not None or pending.giver_id in holders)
    return {
        "owners": [member.holder.name for member in owners],
        "publisher": _build_publisher(plugin.document.get("publisher"), owners),
        "transfers": [
            {
                "from": each.giver.name,
                "to": each.receiver.name,
                "at": format_time(each.ended_at or each.created_at),
            }
            for each in list(transfers)[:MAX_TRANSFERS]
        ],
        "pendingTransfer": {
            "to": pending.receiver.name,
            "at": format_time(pending.takes_effect_at or pending.created_at),
        }
        if pending is not None and moves
        else None,
        "seeksAdoption": plugin.seeks_adoption,
    }


def _build_publisher(
    known: api.Publisher | None, owners: Collection[Member]
) -> api.Publisher | None:
    """The publisher stays as long as it is an owner; then the oldest other owner follows."""
    if known is not None and known["name"] in {member.holder.name for member in owners}:
        return known
    first = next(iter(owners), None)
    if first is None:
        return None
    since = first.created_at if known is None else timezone.now()
    return {"name": first.holder.name, "kind": first.holder.kind, "since": format_time(since)}


def find_publisher(plugin: Plugin) -> Owner | None:
    """The owner that stands for the plugin; None for one without owners: 1 query."""
    members = plugin.members.filter(role=Role.OWNER).select_related("holder")
    owners = list(members.order_by("created_at", "id"))
    known = (plugin.document.get("publisher") or {}).get("name")
    return next(
        (each.holder for each in owners if each.holder.name == known),
        owners[0].holder if owners else None,
    )


def find_plugin_owner(plugin: Plugin) -> Owner | None:
    """The owner of the plugin's scope, without a scope its publisher: at most 2 queries."""
    return plugin.scope.owner if plugin.scope is not None else find_publisher(plugin)


def write_ownership(keys: Collection[int]) -> list[Plugin]:
    """Bring the facts in the documents up to date; returns the plugins that have a document.

    Call it in the transaction of the change, with the plugins locked. 3 queries for each
    `_BATCH_SIZE` plugins.
    """
    written = []
    ordered = sorted(keys)
    for start in range(0, len(ordered), _BATCH_SIZE):
        rows = Plugin.objects.filter(pk__in=ordered[start : start + _BATCH_SIZE])
        # A plugin that was never published has no document, and a document would make it public.
        plugins = [plugin for plugin in rows.order_by("pk") if plugin.document]
        facts = build_ownership(plugins)
        for plugin in plugins:
            plugin.updated_at = timezone.now()
            trusted = plugin.trust in (Trust.VERIFIED, Trust.OFFICIAL)
            plugin.document = {
                **plugin.document,
                **facts[plugin.pk],
                "trust": plugin.trust,
                "verified": trusted,
                "updatedAt": format_time(plugin.updated_at),
            }
        Plugin.objects.bulk_update(plugins, ["document", "updated_at"])
        written += plugins
    return written


def iter_change_entries(plugins: Collection[Plugin], event: str, **data: Any) -> Iterator[Any]:
    """The entries for the journal about the public ones of the plugins."""
    for plugin in plugins:
        if not plugin.is_restricted:
            yield {"event": event, "plugin": plugin.name, "data": data}
