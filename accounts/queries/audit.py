"""Reads of the audit log, newest first and by id, so that every page costs the same."""

from __future__ import annotations

import datetime as dt
import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.db.models import Q, QuerySet

from accounts.models import AuditEntry, User

_PSEUDONYM = re.compile(r"deleted-([1-9][0-9]{0,17})")
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class AuditScope:
    """The entries that a reader may see.

    `sources` are conditions, each with an index; an entry is in the scope if one of them holds.
    `viewer_id` None means that all addresses are shown, otherwise those of the viewer, of people who
    were not signed in, and of the accounts `shown`. `name` is for the entry about an export.
    """

    name: str
    sources: tuple[Q, ...] = field(default_factory=lambda: (Q(),))
    viewer_id: int | None = None
    shown: frozenset[int] = frozenset()

    def shows_address(self, entry: AuditEntry) -> bool:
        """Whether the reader may see from where the act came."""
        if self.viewer_id is None:
            return True
        if entry.actor_id is None:
            return entry.subject_id == self.viewer_id
        return entry.actor_id == self.viewer_id or entry.actor_id in self.shown


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to show. Empty values do not restrict. `since` and `until` are days, inclusive, in UTC."""

    actor: str = ""
    action: str = ""
    target: str = ""
    address: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


def build_own_scope(user: User) -> AuditScope:
    """What the account did, and what concerns it."""
    return AuditScope("own", (Q(actor=user), Q(subject=user)), viewer_id=user.pk)


def build_full_scope() -> AuditScope:
    """Everything, for operators."""
    return AuditScope("everything")


def list_entries(
    scope: AuditScope, wanted: AuditFilter, *, before: int | None = None, limit: int
) -> list[AuditEntry]:
    """The newest entries with a lower id than `before`: 1 query for each source of the scope.

    1 query more to filter by target. Entries have `identity` and `subject`.
    """
    condition = _build_condition(scope, wanted)
    if before is not None:
        condition &= Q(id__lt=before)
    lists = [_select(source & condition)[:limit] for source in scope.sources]
    merged = heapq.merge(*lists, key=lambda entry: -entry.pk)
    unique = {entry.pk: entry for entry in merged}
    return list(islice(unique.values(), limit))


def iter_entries(scope: AuditScope, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """All entries, newest first; holds `_BATCH` of them in memory."""
    before = None
    while batch := list_entries(scope, wanted, before=before, limit=_BATCH):
        yield from batch
        before = batch[-1].pk


def _select(condition: Q) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.filter(condition).select_related("identity", "subject")
    return rows.order_by("-id")


def _build_condition(scope: AuditScope, wanted: AuditFilter) -> Q:
    condition = Q()
    if wanted.actor:
        match = _PSEUDONYM.fullmatch(wanted.actor)
        condition &= Q(actor_id=int(match[1])) if match else _match_actor(wanted.actor)
    if wanted.action:
        condition &= Q(action=wanted.action)
    if wanted.target:
        condition &= _match_target(wanted.target)
    if wanted.address:
        condition &= Q(identity__address=wanted.address)
        if scope.viewer_id is not None:
            # Otherwise the filter would tell the addresses that the page hides.
            own = Q(actor_id__in=[scope.viewer_id, *scope.shown])
            condition &= own | Q(actor_id=None, subject_id=scope.viewer_id)
    if wanted.since:
        condition &= Q(at__gte=_start_day(wanted.since))
    if wanted.until:
        condition &= Q(at__lt=_start_day(wanted.until + dt.timedelta(days=1)))
    return condition


def _match_actor(name: str) -> Q:
    # Who has no name in the log is called by the kind.
    return Q(identity__name=name) | Q(identity=None, actor_kind=name)


def _match_target(name: str) -> Q:
    """Entries about the thing with the name, and those about the account: 1 query."""
    condition = Q(target_name=name)
    match = _PSEUDONYM.fullmatch(name)
    if match:
        return condition | Q(subject_id=int(match[1]))
    account = User.objects.filter(username=name.lower()).values_list("pk", flat=True).first()
    return condition | Q(subject_id=account) if account is not None else condition


def _start_day(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, tzinfo=dt.UTC)
