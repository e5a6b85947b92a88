"""End what an account added to organizations shortly before its owner recovers it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q

from accounts.actions.domains.end_domain import end_domain
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.end_scim_token import end_scim_token
from accounts.actions.tokens.revoke_token import end_token
from accounts.hooks.recovery import AddedAccess, OrganizationAccess
from accounts.mails import build_url, notify_owner
from accounts.models import (
    AuditEntry,
    Organization,
    OrganizationRole,
    OwnerDomain,
    RegisteredIssuer,
    ScimToken,
    Token,
    User,
)
from accounts.queries.organizations import list_owner_accounts
from accounts.queries.recent_access import GIVING, Row, list_recent_access
from accounts.queries.tokens import list_children

_MAX_LINES = 50


def end_recent_access(user: User, since: dt.datetime) -> AddedAccess:
    """Revoke tokens of robots and SCIM tokens, remove issuers and domains without proof.

    Members, connections of single sign-on and proven domains stay, because others may need them: the
    owners decide. Writes audit entries. Call it in a transaction with the account locked.
    """
    found = AddedAccess([], [])
    for organization in _list_organizations(user, since):
        access = OrganizationAccess(organization, [], [])
        own = AddedAccess([], [], [access])
        for each in list_recent_access(organization, since, by=user):
            is_ended = _end(organization, each.row, user)
            at = f"{each.at:%Y-%m-%d %H:%M} UTC"
            (access.removed if is_ended else access.kept).append(f"{each.label}, {at}")
            line = f"{each.label} of {organization.name}, {at}"
            (own.removed if is_ended else own.kept).append(line)
        if access.removed or access.kept:
            found += own
    return found


def _list_organizations(user: User, since: dt.datetime) -> list[Organization]:
    """Those that the account manages, or managed when it added something: a thief may have left."""
    acts = AuditEntry.rows.filter(actor=user, action__in=GIVING, at__gte=since)
    owners = set(acts.exclude(owner_id=None).order_by().values_list("owner_id", flat=True))
    manages = Q(
        memberships__user=user,
        memberships__role__in=(OrganizationRole.OWNER, OrganizationRole.MANAGER),
    )
    rows = Organization.objects.filter(manages | Q(owner__in=owners), deleted_at=None)
    return list(rows.distinct().select_related("owner").order_by("pk"))


def _end(organization: Organization, row: Row, user: User) -> bool:
    """End the thing, if nobody else signs in with it; returns whether it has ended."""
    if isinstance(row, Token):
        for token in (row, *list_children(row)):
            end_token(token, by=user)
    elif isinstance(row, ScimToken):
        row.organization = organization
        end_scim_token(row, by=user)
    elif isinstance(row, RegisteredIssuer):
        row.owner = organization.owner
        record_audit_entry(actor=user, action="issuer.removed", target=row, subject=row.owner)
        row.delete()
    elif isinstance(row, OwnerDomain) and not row.is_proven:
        row.owner = organization.owner
        end_domain(row, by=user)
    else:
        return False
    return True


def notify_other_owners(user: User, organizations: Iterable[OrganizationAccess]) -> None:
    """Tell the other owners of each organization what the account added: 1 query for each organization."""
    for each in organizations:
        name = each.organization.name
        for owner in list_owner_accounts(each.organization):
            if owner.pk != user.pk:
                notify_owner(
                    "organization_access",
                    owner.email,
                    account=user.username,
                    organization=name,
                    removed=_shorten(each.removed),
                    kept=_shorten(each.kept),
                    url=build_url("organization-access", name=name),
                )


def _shorten(lines: list[str]) -> list[str]:
    more = len(lines) - _MAX_LINES
    return lines if more <= 0 else [*lines[:_MAX_LINES], f"and {more} more, see the log"]
