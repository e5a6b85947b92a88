"""What a person decides about a staged release, and what happens if nobody does."""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import Token, User
from accounts.policies import check_has_second_factor
from accounts.queries.tokens import lock_usable_token
from accounts.queries.users import lock_unchanged_account
from registry.errors import TransitionError
from registry.models import Release, Trust
from registry.models.states import ReleaseState
from registry.policies import check_may_approve
from registry.publishing.release import publish, reject
from registry.queries.members import lock_holding_organizations, lock_plugin

_log = structlog.get_logger("plugport.publish")
STAGED_DAYS = 30
_BATCH_SIZE = 100


def approve_staged(
    *, actor: User, release: Release, token: Token | None = None, sha256: str = ""
) -> None:
    """Publish a staged release. `token` is that of the request; `sha256`, if it is known, of the package.

    For owners and maintainers with a second factor, if the registry requires one. It does not matter who
    has sent it. Raises `NotMemberError`, `MfaRequiredError`, `TransitionError`, `StorageError`, and if
    the account or the token changed meanwhile `PasswordChangedError` and `InvalidTokenError`.
    """
    check_may_approve(actor, release.plugin)
    # Of the person: a token that needs none is for pipelines.
    check_has_second_factor(actor)
    _check_is_staged(release, "approved")
    if sha256:
        _check_is_reviewed(release, sha256)

    def check_again() -> None:
        # The package was copied meanwhile, which takes seconds for a large one.
        _lock_rights(actor, release, token)
        check_has_second_factor(actor)

    publish(
        release,
        trust=Trust(release.trust),
        actor=actor,
        reason=f"Approved by {actor.username}.",
        on_decided=check_again,
    )


def discard_staged(*, actor: User, release: Release, token: Token | None = None) -> None:
    """Reject a staged release, whose version becomes free. `token` is that of the request.

    Raises what `approve_staged` raises, except for `MfaRequiredError` and `StorageError`.
    """
    check_may_approve(actor, release.plugin)
    _check_is_staged(release, "discarded")
    with transaction.atomic():
        _lock_rights(actor, release, token)
        reject(release, actor=actor, reason=f"Discarded by {actor.username}.")


def _lock_rights(actor: User, release: Release, token: Token | None) -> None:
    """Keep the account, its role and the token as they are until the commit; raise if they changed."""
    lock_unchanged_account(actor)
    plugin = lock_plugin(release.plugin)
    lock_holding_organizations(plugin)
    if token is not None:
        lock_usable_token(token)
    check_may_approve(actor, release.plugin)


def _check_is_staged(release: Release, participle: str) -> None:
    # From `checking` and `held`, the table also allows both: for the checks and for moderators.
    if release.state != ReleaseState.STAGED:
        raise TransitionError(
            f"`{release}` is {release.state}. Only staged releases can be {participle}.",
            context={"state": release.state},
        )


def _check_is_reviewed(release: Release, sha256: str) -> None:
    """Raise `TransitionError` for another package than the one that was reviewed."""
    found = release.artifacts.get(role="package").sha256
    if found != sha256:
        raise TransitionError(
            f"The package of `{release}` has the SHA-256 {found}, and not the one that you approve.",
            hint="The version was sent again with other content. Review it on the page of the upload.",
            context={"state": release.state, "sha256": found},
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
