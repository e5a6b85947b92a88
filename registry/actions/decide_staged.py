"""What a person decides about a staged release, and what happens if nobody does."""

from __future__ import annotations

import datetime as dt

import structlog
from django.utils import timezone

from accounts.models import User
from accounts.policies import check_has_second_factor
from registry.errors import TransitionError
from registry.models import Release, Trust
from registry.models.states import ReleaseState
from registry.policies import check_may_approve
from registry.publishing.release import publish, reject

_log = structlog.get_logger("plugport.publish")
STAGED_DAYS = 30
_BATCH_SIZE = 100


def approve_staged(*, actor: User, release: Release) -> None:
    """Publish a staged release.

    For owners and maintainers with a second factor, if the registry requires one. It does not matter who
    has sent it. Raises `NotMemberError`, `MfaRequiredError`, `TransitionError`, and `StorageError`.
    """
    check_may_approve(actor, release)
    # Of the person: a token that needs none is for pipelines.
    check_has_second_factor(actor)
    _check_is_staged(release, "approved")
    reason = f"Approved by {actor.username}."
    publish(release, trust=Trust(release.trust), actor=actor, reason=reason)


def discard_staged(*, actor: User, release: Release) -> None:
    """Reject a staged release, whose version becomes free. Raises `NotMemberError`, `TransitionError`."""
    check_may_approve(actor, release)
    _check_is_staged(release, "discarded")
    reject(release, actor=actor, reason=f"Discarded by {actor.username}.")


def _check_is_staged(release: Release, participle: str) -> None:
    # From `checking` and `held`, the table also allows both: for the checks and for moderators.
    if release.state != ReleaseState.STAGED:
        raise TransitionError(
            f"`{release}` is {release.state}. Only staged releases can be {participle}.",
            context={"state": release.state},
        )


def expire_staged() -> int:
    """Reject what has been staged for `STAGED_DAYS`; returns how many releases."""
    before = timezone.now() - dt.timedelta(days=STAGED_DAYS)
    rows = Release.objects.filter(state=ReleaseState.STAGED, staged_at__lt=before)
    expired = 0
    for release in rows.select_related("plugin").order_by("id")[:_BATCH_SIZE]:
        try:
            reject(
                release,
                actor=None,
                reason=f"Nobody approved the release within {STAGED_DAYS} days.",
            )
        except TransitionError:
            # Approved or discarded a moment ago.
            _log.info("staged_decided_meanwhile", release=str(release))
        else:
            expired += 1
    return expired
