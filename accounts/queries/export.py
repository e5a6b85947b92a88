"""Everything that is stored about an account, for its owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from accounts.models import AccountSession, AuditEntry, OwnerDomain, TeamMember, Token, User
from accounts.queries.factors import list_factors
from accounts.queries.organizations import (
    list_memberships,
    list_own_organization_invitations,
)
from accounts.queries.sso import list_identities
from accounts.security.closing import iter_exports
from common.times import format_time


def iter_account_export(user: User) -> Iterator[bytes]:
    """The parts of a JSON document: 8 queries, and those of the other apps.

    Secrets and hashes are left out. Lists are read while they are sent, so no number of entries
    fills the memory.
    """
    yield b'{"account":' + orjson.dumps(_build_account(user))
    for name, items in _iter_lists(user):
        yield f',"{name}":['.encode()
        for number, item in enumerate(items):
            yield (b"," if number else b"") + orjson.dumps(item)
        yield b"]"
    yield b"}\n"


def _iter_lists(user: User) -> Iterator[tuple[str, Iterable[Any]]]:
    yield (
        "secondFactors",
        (
            {
                "kind": str(factor.type),
                "name": factor.data.get("name"),
                "createdAt": format_time(factor.created_at),
                "lastUsedAt": format_time(factor.last_used_at),
            }
            for factor in list_factors(user)
        ),
    )
    yield (
        "singleSignOn",
        (
            {
                "provider": row.connection.name,
                "subject": row.subject,
                "createdAt": format_time(row.created_at),
                "lastUsedAt": format_time(row.last_used_at),
            }
            for row in list_identities(user)
        ),
    )
    yield (
        "sessions",
        (
            {
                "address": row.address,
                "userAgent": row.agent,
                "createdAt": format_time(row.created_at),
                "lastSeenAt": format_time(row.last_seen_at),
            }
            for row in AccountSession.objects.filter(user=user).iterator()
        ),
    )
    yield (
        "tokens",
        (_build_token(token) for token in user.tokens.order_by("pk").iterator()),
    )
    yield (
        "auditEntries",
        (
            {
                "at": format_time(entry.at),
                "action": entry.action,
                "target": entry.target_name,
                "address": entry.identity.address if entry.identity else None,
                "userAgent": entry.identity.user_agent if entry.identity else None,
                "details": entry.details,
            }
            for entry in AuditEntry.objects.filter(actor=user)
            .select_related("identity")
            .order_by("pk")
            .iterator()
        ),
    )
    yield from _iter_organizations(user)
    yield from iter_exports(user)


def _iter_organizations(user: User) -> Iterator[tuple[str, Iterable[Any]]]:
    places = TeamMember.objects.filter(member__user=user).order_by("team__name")
    teams: dict[int, list[str]] = {}
    for member_id, team in places.values_list("member_id", "team__name"):
        teams.setdefault(member_id, []).append(team)
    yield (
        "organizations",
        (
            {
                "name": row.organization.name,
                "role": row.role,
                "teams": teams.get(row.pk, []),
                "isPublic": row.is_public,
                "since": format_time(row.created_at),
            }
            for row in list_memberships(user)
        ),
    )
    yield (
        "organizationInvitations",
        (
            {
                "organization": row.organization.name,
                "role": row.role,
                "expiresAt": format_time(row.expires_at),
            }
            for row in list_own_organization_invitations(user)
        ),
    )
    yield (
        "domains",
        (
            {
                "name": row.domain,
                "state": row.state,
                "createdAt": format_time(row.created_at),
                "verifiedAt": format_time(row.verified_at),
            }
            for row in OwnerDomain.objects.filter(owner__user=user)
        ),
    )


def _build_account(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "email": user.email,
        "isVerified": user.is_verified,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "createdAt": format_time(user.date_joined),
        "lastSignInAt": format_time(user.last_login),
    }


def _build_token(token: Token) -> dict[str, Any]:
    return {
        "name": token.name,
        "start": token.start,
        "scopes": token.scopes,
        "limits": token.limits,
        "networks": token.networks,
        "createdAt": format_time(token.created_at),
        "expiresAt": format_time(token.expires_at),
        "lastUsedAt": format_time(token.last_used_at),
        "lastUsedAddress": token.last_used_address,
        "revokedAt": format_time(token.revoked_at),
    }
