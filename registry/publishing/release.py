"""Stage 7, *release*: apply the verdict.

Publishing promotes the object first and commits afterwards, so every release that is visible can
be downloaded. Promotion is idempotent: after a crash between the two, the job runs again.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from registry.errors import TransitionError
from registry.journal import append_change
from registry.models import Artifact, Release, Trust
from registry.models.states import ReleaseState
from registry.publishing.decide import Decision, Verdict
from registry.publishing.discard import discard_package
from registry.publishing.failpoints import FailPoint, hit
from registry.publishing.ownership import find_publisher
from registry.publishing.refresh import refresh_plugin
from registry.publishing.transition import change_release_state
from registry.storage import get_store
from registry.storage.keys import build_package_key


def _do_nothing() -> None:
    """The default for `on_decided`."""


def apply_verdict(
    release: Release,
    verdict: Verdict,
    *,
    actor: User | None,
    on_decided: Callable[[], None] = _do_nothing,
) -> None:
    """Publish, stage, hold or reject. Raises `TransitionError` if the release changed in the meantime.

    `on_decided` is called in the transaction of the decision and may roll it back by raising.
    """
    reason = verdict.reason
    match verdict.decision:
        case Decision.PUBLISH if release.needs_approval:
            stage(release, trust=verdict.trust, actor=actor, reason=reason, on_decided=on_decided)
        case Decision.PUBLISH:
            publish(release, trust=verdict.trust, actor=actor, reason=reason, on_decided=on_decided)
        case Decision.HOLD:
            with transaction.atomic():
                change_release_state(release, ReleaseState.HELD, actor=actor, reason=reason)
                on_decided()
        case Decision.REJECT:
            reject(release, actor=actor, reason=reason, on_decided=on_decided)


def stage(
    release: Release,
    *,
    trust: Trust,
    actor: User | None,
    reason: str,
    on_decided: Callable[[], None] = _do_nothing,
) -> None:
    """Let the release wait for the approval of its owners, in quarantine and with its trust level.

    Raises `TransitionError`.
    """
    with transaction.atomic():
        change_release_state(release, ReleaseState.STAGED, actor=actor, reason=reason)
        release.trust = trust
        release.staged_at = timezone.now()
        release.save(update_fields=["trust", "staged_at"])
        on_decided()


def publish(
    release: Release,
    *,
    trust: Trust,
    actor: User | None,
    reason: str,
    on_decided: Callable[[], None] = _do_nothing,
) -> None:
    """Promote the object, then make the release public in one transaction.

    Raises `TransitionError` if the release was decided in the meantime, and `StorageError`.
    """
    artifact = release.artifacts.select_related("release").get(role="package")
    # Outside the transaction: copying a large object would hold the locks of the plugin for seconds.
    if artifact.quarantine_key:
        get_store().promote(artifact.quarantine_key, build_package_key(artifact.digest))
    hit(FailPoint.PROMOTED)
    try:
        with transaction.atomic():
            # First: a worker that lost its lease fails here, before it has locked anything else.
            on_decided()
            _mark_published(release, artifact, trust=trust, actor=actor, reason=reason)
    except TransitionError:
        # Rejected while its object was being promoted: remove the promoted copy again.
        if Release.objects.filter(pk=release.pk, state=ReleaseState.REJECTED).exists():
            discard_package(artifact)
        raise


def _mark_published(
    release: Release, artifact: Artifact, *, trust: Trust, actor: User | None, reason: str
) -> None:
    quarantine_key = artifact.quarantine_key
    change_release_state(release, ReleaseState.PUBLISHED, actor=actor, reason=reason)
    # A release that returns from quarantine keeps its date and its publisher.
    if release.published_at is None:
        release.published_at = timezone.now()
        release.publisher = find_publisher(release.plugin)
    release.trust = trust
    release.save(update_fields=["published_at", "publisher", "trust"])
    artifact.quarantine_key = ""
    artifact.promoted_at = artifact.promoted_at or timezone.now()
    artifact.save(update_fields=["quarantine_key", "promoted_at"])
    refresh_after_change(release)
    append_change(
        release.plugin,
        "release.published",
        release.version,
        sha256=artifact.sha256,
        integrity=artifact.integrity,
        size=artifact.size_bytes,
    )
    # After the commit: deleted before it, a rollback would leave a release without an object.
    transaction.on_commit(lambda: _delete_quarantined(quarantine_key), robust=True)


def _delete_quarantined(key: str) -> None:
    """Delete the quarantined copy. If this fails, the sweeper finds an object without a row."""
    hit(FailPoint.PUBLISHED)
    if key:
        get_store().delete(key)


def reject(
    release: Release,
    *,
    actor: User | None,
    reason: str,
    on_decided: Callable[[], None] = _do_nothing,
) -> None:
    """Reject the release and remove its object. The row stays, so that its author sees the reason.

    Raises `TransitionError`.
    """
    with transaction.atomic():
        change_release_state(release, ReleaseState.REJECTED, actor=actor, reason=reason)
        on_decided()
        # Robust: the rejection is committed, so a storage error must not fail the request.
        transaction.on_commit(lambda: _discard_packages(release), robust=True)


def _discard_packages(release: Release) -> None:
    # An artifact names its object until the object is deleted: the sweeper retries what fails here.
    for artifact in release.artifacts.select_related("release"):
        discard_package(artifact)


def refresh_after_change(release: Release) -> None:
    """Bring the plugin's dist-tags and public document up to date with its releases."""
    release.plugin = refresh_plugin(release.plugin_id)
