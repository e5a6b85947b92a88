"""A moderator's decisions on one release.

`reason` is public as the reason of the release's state: 1 to 500 characters, else
`InvalidMessageError`. All decisions but the quarantine, which protects users and can be reverted,
are for moderators who are no members of the plugin: else `OwnReleaseError`.
"""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from registry.actions.parse_message import parse_reason
from registry.errors import TransitionError
from registry.journal import append_change
from registry.models import Release, Trust
from registry.models.states import ReleaseState
from registry.policies import check_may_decide, check_may_moderate
from registry.publishing.release import publish, refresh_after_change, reject, stage
from registry.publishing.transition import change_release_state


def approve_release(*, actor: User, release: Release, reason: str) -> None:
    """Publish a held release, or stage it if its publisher asked for approval.

    Raises `NotMemberError`, `TransitionError`.
    """
    check_may_decide(actor, release)
    reason = parse_reason(reason)
    # The table of transitions also allows this from `checking`, but a moderator must not decide before
    # the checks have reported their findings.
    if release.state != ReleaseState.HELD:
        raise TransitionError(
            f"`{release}` is {release.state}. Only held releases can be approved."
        )
    scope = release.plugin.scope
    # Not `community`, which means that all checks passed.
    trust = Trust.OFFICIAL if scope is not None and scope.is_official else Trust.EXPERIMENTAL
    decide = stage if release.needs_approval else publish
    decide(release, trust=trust, actor=actor, reason=reason)


def reject_release(*, actor: User, release: Release, reason: str) -> None:
    """Reject a held release. Raises `NotMemberError`, `TransitionError`."""
    check_may_decide(actor, release)
    reason = parse_reason(reason)
    if release.state != ReleaseState.HELD:
        raise TransitionError(
            f"`{release}` is {release.state}. Only held releases can be rejected."
        )
    reject(release, actor=actor, reason=reason)


def quarantine_release(*, actor: User, release: Release, reason: str) -> None:
    """Stop serving a release; `restore_release` reverts it. Other releases are not affected.

    Raises `NotMemberError`, `TransitionError`.
    """
    check_may_moderate(actor)
    _change_state(actor, release, ReleaseState.QUARANTINED, reason, "release.quarantined")


def restore_release(*, actor: User, release: Release, reason: str) -> None:
    """Serve a quarantined release again. Raises `NotMemberError`, `TransitionError`."""
    check_may_decide(actor, release)
    # From `held` the table also allows `published`, but that needs the object promoted first, which
    # `approve_release` does.
    if release.state != ReleaseState.QUARANTINED:
        raise TransitionError(
            f"`{release}` is {release.state}. Only quarantined releases can be restored."
        )
    _change_state(actor, release, ReleaseState.PUBLISHED, reason, "release.restored")


def revoke_release(*, actor: User, release: Release, reason: str) -> None:
    """Stop serving a release permanently; its tombstone stays public.

    Raises `NotMemberError`, `TransitionError`.
    """
    check_may_decide(actor, release)
    _change_state(actor, release, ReleaseState.REVOKED, reason, "release.revoked")


def _change_state(actor: User, release: Release, to: ReleaseState, reason: str, event: str) -> None:
    reason = parse_reason(reason)
    with transaction.atomic():
        change_release_state(release, to, actor=actor, reason=reason)
        refresh_after_change(release)
        append_change(release.plugin, event, release.version, reason=reason)
