"""What an account that is closed has in the registry, and what its owner can export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.security.closing import ClosingStep
from common.times import format_time
from registry.actions.closing.withdraw_sent_invitations import withdraw_sent_invitations
from registry.actions.remove_member import remove_member
from registry.actions.transfers.claims.make import withdraw_claims_of
from registry.actions.transfers.ending import end_transfers_of
from registry.models import Claim, Invitation, Member, Release, Role


def _filter_last_owned(user: User) -> QuerySet[Member]:
    """The memberships in which nobody else with an open account is an owner."""
    others = Member.objects.filter(plugin=OuterRef("plugin"), role=Role.OWNER).exclude(
        Q(holder__user=user) | Q(holder__user__is_active=False)
    )
    rows = Member.objects.filter(holder__user=user, role=Role.OWNER)
    return rows.exclude(Exists(others))


def list_last_owned(user: User) -> list[str]:
    """The plugins of which the account is the last owner: 1 query."""
    rows = _filter_last_owned(user).order_by("plugin__name")
    return list(rows.values_list("plugin__name", flat=True))


def end_memberships(user: User) -> None:
    """End the other roles of the account, and the invitations from and to it. Writes audit entries."""
    kept = _filter_last_owned(user).values("pk")
    rows = Member.objects.filter(holder__user=user).exclude(pk__in=kept)
    for member in rows.select_related("plugin").order_by("plugin_id"):
        remove_member(actor=user, plugin=member.plugin, username=user.username)
    withdraw_sent_invitations(user, user)
    end_transfers_of(user)
    withdraw_claims_of(user)
    Invitation.objects.filter(user=user).delete()


def export_registry(user: User) -> Iterator[tuple[str, Iterator[Any]]]:
    """Roles, scopes, invitations, claims and releases of the account: 5 queries."""
    yield (
        "roles",
        (
            {"plugin": row.plugin.name, "role": row.role, "since": format_time(row.created_at)}
            for row in Member.objects.filter(holder__user=user).select_related("plugin").iterator()
        ),
    )
    yield (
        "scopes",
        ({"name": scope.name} for scope in user.owner.scopes.order_by("name").iterator()),
    )
    yield (
        "invitations",
        (
            {"plugin": row.plugin.name, "role": row.role, "expiresAt": format_time(row.expires_at)}
            for row in Invitation.objects.filter(user=user).select_related("plugin").iterator()
        ),
    )
    yield (
        "claims",
        (
            {
                "name": row.target,
                "kind": row.kind,
                "state": row.state,
                "reason": row.reason,
                "evidence": row.evidence.splitlines(),
                "createdAt": format_time(row.created_at),
            }
            for row in Claim.objects.filter(claimant=user)
            .select_related("plugin", "scope")
            .order_by("pk")
            .iterator()
        ),
    )
    yield (
        "releases",
        (
            {
                "plugin": release.plugin.name,
                "version": release.version,
                "state": release.state,
                "createdAt": format_time(release.created_at),
            }
            for release in Release.objects.filter(published_by=user)
            .select_related("plugin")
            .order_by("pk")
            .iterator()
        ),
    )


CLOSING = ClosingStep(list_last_owned, end_memberships, export_registry)
