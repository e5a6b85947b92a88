"""What gives access to an organization, was added or changed lately, and still works.

Who added it is in the audit log, which also knows who changed it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from accounts.models import (
    ActorKind,
    AuditEntry,
    Organization,
    OrganizationMember,
    OwnerDomain,
    RegisteredIssuer,
    ScimToken,
    SsoConnection,
    Token,
    User,
)
from plugport.spec.text import quote_text


class AccessKind(StrEnum):
    """What it is, in the order of the page."""

    MEMBER = "member"
    ROBOT_TOKEN = "robot-token"  # noqa: S105 -- no password
    SCIM_TOKEN = "scim-token"  # noqa: S105 -- likewise
    CONNECTION = "connection"
    DOMAIN = "domain"
    ISSUER = "issuer"


Row = OrganizationMember | Token | ScimToken | SsoConnection | OwnerDomain | RegisteredIssuer
_JOINED = "organization.joined"
# The acts, and the kind of what each adds or changes. SCIM tokens have a column for it.
_KINDS = {
    _JOINED: AccessKind.MEMBER,
    "organization.role-changed": AccessKind.MEMBER,
    "robot.token-created": AccessKind.ROBOT_TOKEN,
    "sso.connection-created": AccessKind.CONNECTION,
    "sso.connection-changed": AccessKind.CONNECTION,
    "sso.connection-enabled": AccessKind.CONNECTION,
    "domain.added": AccessKind.DOMAIN,
    "issuer.registered": AccessKind.ISSUER,
}
# By which the account took part in what follows.
GIVING = (*_KINDS, "organization.invited", "scim-token.created")
RECENT_DAYS = 30
MAX_ENTRIES = 1000
_VERBS = {
    AccessKind.ROBOT_TOKEN: "Revoke",
    AccessKind.SCIM_TOKEN: "Revoke",
    AccessKind.CONNECTION: "Switch off",
}


class RecentAccess(NamedTuple):
    """One thing, when it was added or changed last, and by whom (None for nobody with an account)."""

    kind: AccessKind
    row: Row
    label: str
    at: dt.datetime
    by: User | None

    @property
    def title(self) -> str:
        """The label as a heading."""
        return self.label[:1].upper() + self.label[1:]

    @property
    def verb(self) -> str:
        """What its button does."""
        return _VERBS.get(self.kind, "Remove")

    @property
    def name(self) -> str:
        """How the actions name it, or the robot of a token; some need the key of the row."""
        if isinstance(self.row, OrganizationMember | Token):
            return self.row.user.username
        if isinstance(self.row, SsoConnection):
            return self.row.public_id
        return self.row.domain if isinstance(self.row, OwnerDomain) else ""


def list_recent_access(
    organization: Organization, since: dt.datetime, *, by: User | None = None
) -> list[RecentAccess]:
    """What was added since the time, the newest first of each kind: 8 queries.

    `by` selects what this account added, changed or invited. Without it, at most `MAX_ENTRIES` acts are
    read. What SCIM did is not listed: the identity provider decides about it, and its tokens are.
    """
    entries = _find_entries(organization, since, by)
    rows = _load_rows(organization, since, entries)
    authors = {each for each, _ in entries.values() if each is not None}
    authors.update(each.created_by_id for each in _tokens(rows) if each.created_by_id is not None)
    people = User.objects.in_bulk(authors)
    found = []
    for (kind, key), row in rows.items():
        if isinstance(row, ScimToken):
            if by is None or row.created_by_id == by.pk:
                author = people.get(row.created_by_id) if row.created_by_id else None
                found.append(RecentAccess(kind, row, _name(row), row.created_at, author))
        elif (kind, key) in entries:
            author_id, at = entries[kind, key]
            author = None if author_id is None else people.get(author_id)
            found.append(RecentAccess(kind, row, _name(row), at, author))
    order = list(AccessKind)
    return sorted(found, key=lambda each: (order.index(each.kind), -each.at.timestamp()))


_Key = tuple[AccessKind, str]
_Entries = dict[_Key, tuple[int | None, dt.datetime]]


def _find_entries(organization: Organization, since: dt.datetime, by: User | None) -> _Entries:
    """The last act about each thing, and who is responsible for it."""
    rows = AuditEntry.rows.filter(
        owner_id=organization.owner.pk, action__in=tuple(_KINDS), at__gte=since
    ).order_by("-id")
    rows = rows.exclude(actor_kind=ActorKind.SCIM)
    # Who joins acts, and who invited is in the details.
    rows = rows[:MAX_ENTRIES] if by is None else rows.filter(Q(actor=by) | Q(action=_JOINED))
    found: _Entries = {}
    for entry in rows.iterator():
        author = entry.actor_id
        if entry.action == _JOINED:
            author = entry.details.get("invited_by")
        if by is None or author == by.pk:
            found.setdefault((_KINDS[entry.action], _identify(entry)), (author, entry.at))
    return found


def _identify(entry: AuditEntry) -> str:
    kind = _KINDS[entry.action]
    if entry.action == _JOINED:
        return str(entry.actor_id)
    if kind == AccessKind.MEMBER:
        return str(entry.subject_id)
    if kind == AccessKind.ROBOT_TOKEN:
        return f"{entry.subject_id} {entry.details.get('token')}"
    return entry.target_name if kind == AccessKind.CONNECTION else entry.target_id


def _load_rows(
    organization: Organization, since: dt.datetime, entries: Collection[_Key]
) -> dict[_Key, Row]:
    """What still works of it: 6 queries."""

    def select(wanted: AccessKind) -> list[str]:
        return [key for kind, key in entries if kind == wanted]

    now, owner = timezone.now(), organization.owner
    people = [int(key) for key in select(AccessKind.MEMBER)]
    robots = {int(key.partition(" ")[0]) for key in select(AccessKind.ROBOT_TOKEN)}
    members = organization.memberships.filter(user__in=people, user__robot_of=None).select_related(
        "user"
    )
    usable = {"revoked_at": None, "expires_at__gt": now}
    tokens = Token.objects.filter(user__robot_of=organization, user__in=robots, **usable)
    scim = organization.scim_tokens.filter(created_at__gte=since, **usable)
    connections = owner.sso_connections.filter(
        public_id__in=select(AccessKind.CONNECTION), is_enabled=True
    )
    domains = owner.domains.filter(pk__in=select(AccessKind.DOMAIN))
    issuers = owner.issuers.filter(pk__in=select(AccessKind.ISSUER))
    return dict(
        _pair(
            {
                AccessKind.MEMBER: {str(each.user_id): each for each in members},
                AccessKind.ROBOT_TOKEN: {
                    f"{each.user_id} {each}": each for each in tokens.select_related("user")
                },
                AccessKind.SCIM_TOKEN: {str(each.pk): each for each in scim},
                AccessKind.CONNECTION: {each.public_id: each for each in connections},
                AccessKind.DOMAIN: {str(each.pk): each for each in domains},
                AccessKind.ISSUER: {str(each.pk): each for each in issuers},
            }
        )
    )


def _pair(found: Mapping[AccessKind, Mapping[str, Row]]) -> Iterator[tuple[_Key, Row]]:
    for kind, rows in found.items():
        for key, row in rows.items():
            yield (kind, key), row


def _tokens(rows: Mapping[_Key, Row]) -> Iterator[ScimToken]:
    return (row for row in rows.values() if isinstance(row, ScimToken))


def _name(row: Row) -> str:
    """The thing in a line of a mail or a page. Names are quoted: a thief chose those that a thief added."""
    if isinstance(row, OrganizationMember):
        return f"{row.role} {row.user.username}"
    if isinstance(row, Token):
        return f"token {quote_text(row.name)} ({row.start}…) of the robot {row.user.username}"
    if isinstance(row, ScimToken):
        return f"SCIM token {quote_text(row.name)}"
    if isinstance(row, SsoConnection):
        return f"single sign-on connection {quote_text(row.name)}"
    if isinstance(row, OwnerDomain):
        return f"domain {row.domain}"
    return f"issuer of CI jobs {row.url}"
