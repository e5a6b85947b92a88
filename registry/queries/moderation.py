"""Reads for moderators. Docstrings state the number of SQL queries; tests pin these numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import CharField, Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from accounts.models import AuditEntry
from registry.models import OPEN_STATES, Job, JobState, Release, Transfer
from registry.models.states import ReleaseState
from registry.queries.claims import count_open_claims

MAX_HELD = 20
MAX_OTHERS = 5
MAX_DECISIONS = 20


@dataclass(frozen=True, slots=True)
class Overview:
    """What needs a person: the first rows of each list, and how many there are of all."""

    held: Sequence[Release]
    held_count: int
    quarantined: Sequence[Release]
    quarantined_count: int
    failed_jobs: Sequence[Job]
    failed_job_count: int
    failing_transfers: Sequence[Transfer]
    failing_transfer_count: int
    # Of the open claims, those that wait for a moderator.
    ready_claim_count: int
    open_claim_count: int


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A change of a release's state: when, by whom, to which state, and why."""

    at: dt.datetime
    actor_name: str
    state: str
    reason: str


def load_overview() -> Overview:
    """The held releases, oldest first, and the latest failures and quarantines: 9 queries.

    One query less if no release is held. Releases have the attributes `decided_at` and
    `decided_by`.
    """
    states = (ReleaseState.HELD, ReleaseState.QUARANTINED)
    rows = Release.objects.filter(state__in=states).order_by().values("state")
    counts = dict(rows.annotate(number=Count("pk")).values_list("state", "number"))
    failed = Job.objects.filter(state=JobState.FAILED)
    failing = Transfer.objects.filter(failures__gt=0, state__in=OPEN_STATES)
    claims = count_open_claims()
    held = _select_decided(ReleaseState.HELD).prefetch_related("checks")
    quarantined = _select_decided(ReleaseState.QUARANTINED)
    return Overview(
        list(held.order_by("created_at", "id")[:MAX_HELD]),
        counts.get(ReleaseState.HELD, 0),
        list(quarantined[:MAX_OTHERS]),
        counts.get(ReleaseState.QUARANTINED, 0),
        list(failed.order_by("-available_at", "-id")[:MAX_OTHERS]),
        failed.count(),
        list(
            failing.select_related("plugin", "scope", "receiver").order_by("-retry_at")[:MAX_OTHERS]
        ),
        failing.count(),
        claims.ready,
        claims.open,
    )


def _select_decided(state: ReleaseState) -> QuerySet[Release]:
    """Releases in the state, with when and by whom they got into it, the latest first."""
    # The type is stated, because PostgreSQL needs one and the columns have another than the constant.
    target = Concat(
        OuterRef("plugin__name"), Value("@"), OuterRef("version"), output_field=CharField()
    )
    entries = AuditEntry.objects.filter(action=f"release.{state}", target_name=target).order_by(
        "-id"
    )
    return (
        Release.objects.filter(state=state)
        .select_related("plugin", "published_by")
        .annotate(
            decided_at=Subquery(entries.values("at")[:1]),
            decided_by=Subquery(entries.values("actor_name")[:1]),  # type: ignore[misc]  # of the manager
        )
        .order_by("-decided_at", "-id")
    )


def list_releases_to_decide(keys: Sequence[int]) -> list[Release]:
    """The releases with these keys and their checks, oldest first: 2 queries, 1 without a release."""
    rows = Release.objects.filter(pk__in=keys).select_related("plugin__scope", "published_by")
    return list(rows.prefetch_related("checks").order_by("created_at", "id"))


def list_decisions(release: Release) -> list[PastDecision]:
    """The latest changes of the state of this version, newest first: 1 query.

    Earlier uploads of the same version that were rejected are included.
    """
    prefix = "release."
    entries = AuditEntry.objects.filter(
        action__in=[f"{prefix}{state}" for state in ReleaseState], target_name=str(release)
    ).order_by("-id")
    return [
        PastDecision(
            entry.at,
            entry.actor_name,
            entry.action.removeprefix(prefix),
            str(entry.details.get("reason", ""))[:500],
        )
        for entry in entries[:MAX_DECISIONS]
    ]
