"""A moderator's decisions on one release."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from registry.errors import TransitionError
from registry.journal import append_entry
from registry.models import Release, Trust
from registry.policies import check_may_moderate
from registry.publishing.release import publish, refresh_after_change, reject
from registry.publishing.states import ReleaseState
from registry.publishing.transition import move_release


def approve_release(*, actor: User, release: Release, reason: str) -> None:
    """Publish a held release. Raises `NotMemberError`, `TransitionError`."""
    check_may_moderate(actor)
    if release.state != ReleaseState.HELD:
        raise TransitionError(f"`{release}` is {release.state}; only a held one can be approved.")
    scope = release.plugin.scope
    trust = Trust.OFFICIAL if scope is not None and scope.is_official else Trust.EXPERIMENTAL
    publish(release, trust=trust, actor=actor, reason=reason)


def reject_release(*, actor: User, release: Release, reason: str) -> None:
    """Refuse a held release. Raises `NotMemberError`, `TransitionError`."""
    check_may_moderate(actor)
    if release.state != ReleaseState.HELD:
        raise TransitionError(f"`{release}` is {release.state}; only a held one can be rejected.")
    reject(release, actor=actor, reason=reason)


def quarantine_release(*, actor: User, release: Release, reason: str) -> None:
    """Stop serving one release, reversibly; the others stay. Raises as above."""
    _move(actor, release, ReleaseState.QUARANTINED, reason, "release.quarantined")


def restore_release(*, actor: User, release: Release, reason: str) -> None:
    """Serve a quarantined release again. Raises as above."""
    check_may_moderate(actor)
    if release.state != ReleaseState.QUARANTINED:
        raise TransitionError(f"`{release}` is {release.state}; only a quarantined one returns.")
    _move(actor, release, ReleaseState.PUBLISHED, reason, "release.restored")


def revoke_release(*, actor: User, release: Release, reason: str) -> None:
    """Stop serving one release for good; its tombstone stays public. Raises as above."""
    _move(actor, release, ReleaseState.REVOKED, reason, "release.revoked")


def _move(actor: User, release: Release, to: ReleaseState, reason: str, event: str) -> None:
    check_may_moderate(actor)
    with transaction.atomic():
        move_release(release, to, actor=actor, reason=reason)
        refresh_after_change(release)
        append_entry(event, release.plugin.name, release.version, reason=reason)
