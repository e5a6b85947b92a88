"""Reads of trusted publishers."""

from __future__ import annotations

import datetime as dt

from accounts.models import Organization, Owner, RegisteredIssuer, User
from registry.errors import UnknownTrustedPublisherError
from registry.models import Plugin, TrustedPublisher
from registry.policies import can_manage_trusted_publishers, check_may_manage_trusted_publishers

_MAX_ID = 2**63 - 1
MAX_RECENT = 200


def list_trusted_publishers(plugin: Plugin) -> list[TrustedPublisher]:
    """The CI jobs that may publish the plugin, oldest first: 1 query."""
    return list(plugin.trusted_publishers.select_related("created_by").order_by("id"))


def list_pending_publishers(user: User) -> list[TrustedPublisher]:
    """The account's CI jobs for plugins that do not exist yet, oldest first: 1 query."""
    rows = TrustedPublisher.objects.filter(created_by=user, plugin=None)
    return list(rows.select_related("created_by").order_by("id"))


def list_recent_publishers(
    organization: Organization, since: dt.datetime
) -> list[TrustedPublisher]:
    """Those that were added to plugins of the organization since the time, the newest first: 1 query."""
    rows = TrustedPublisher.objects.filter(
        plugin__members__holder=organization.owner, created_at__gte=since
    )
    return list(rows.select_related("created_by").order_by("-id")[:MAX_RECENT])


def list_registered_issuers(owner: Owner) -> list[RegisteredIssuer]:
    """The issuers that are registered for the plugins of the owner, oldest first: 1 query."""
    rows = RegisteredIssuer.objects.filter(owner=owner)
    return list(rows.select_related("owner").order_by("id"))


def get_trusted_publisher(
    actor: User, publisher_id: int, *, is_locked: bool = False
) -> TrustedPublisher:
    """A trusted publisher that the actor may remove: at most 3 queries.

    With `is_locked`, its row is locked until the transaction ends. Raises
    `UnknownTrustedPublisherError`, also for those of plugins that the actor may not know.
    """
    rows = TrustedPublisher.objects.select_related("plugin", "created_by")
    if is_locked:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(pk=publisher_id).first() if 0 < publisher_id <= _MAX_ID else None
    is_own = found is not None and (
        found.created_by_id == actor.pk
        if found.plugin is None
        else can_manage_trusted_publishers(actor, found.plugin)
    )
    if found is None or not is_own:
        raise UnknownTrustedPublisherError(
            f"There is no trusted publisher {publisher_id} that you may manage."
        )
    return found


def get_managed_publishers(actor: User, plugin: Plugin) -> list[TrustedPublisher]:
    """Those of a plugin, for a person who may change them: 2 queries. Raises `NotMemberError`."""
    check_may_manage_trusted_publishers(actor, plugin)
    return list_trusted_publishers(plugin)
