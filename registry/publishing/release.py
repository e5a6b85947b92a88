"""Stage 7, *release*: carry out the verdict.

Publishing promotes the object first and commits afterwards: whoever can see a release can
download it. Promotion is idempotent, so a crash between the two is repeated, not repaired.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from registry.documents import refresh_plugin
from registry.errors import TransitionError
from registry.journal import append_entry
from registry.models import Artifact, Release, Trust
from registry.publishing.decide import Decision, Verdict
from registry.publishing.discard import discard_package
from registry.publishing.faults import Point, reach
from registry.publishing.states import ReleaseState
from registry.publishing.transition import move_release
from registry.storage import get_store
from registry.storage.keys import make_package_key


def _do_nothing() -> None:
    """Nothing else belongs to the decision."""


def carry_out(
    release: Release,
    verdict: Verdict,
    *,
    actor: User | None,
    on_decided: Callable[[], None] = _do_nothing,
) -> None:
    """Publish, hold or reject. Raises `TransitionError` if the release moved on meanwhile.

    `on_decided` is called in the transaction of the decision, and may undo it by raising.
    """
    reason = verdict.reason
    match verdict.decision:
        case Decision.PUBLISH:
            publish(release, trust=verdict.trust, actor=actor, reason=reason, on_decided=on_decided)
        case Decision.HOLD:
            with transaction.atomic():
                move_release(release, ReleaseState.HELD, actor=actor, reason=reason)
                on_decided()
        case Decision.REJECT:
            reject(release, actor=actor, reason=reason, on_decided=on_decided)


def publish(
    release: Release,
    *,
    trust: Trust,
    actor: User | None,
    reason: str,
    on_decided: Callable[[], None] = _do_nothing,
) -> None:
    """Promote the object, then make the release public in one transaction."""
    artifact = release.artifacts.select_related("release").get(role="package")
    if artifact.quarantine_key:
        get_store().promote(artifact.quarantine_key, make_package_key(artifact.digest))
    reach(Point.PROMOTED)
    try:
        with transaction.atomic():
            on_decided()
            _make_public(release, artifact, trust=trust, actor=actor, reason=reason)
    except TransitionError:
        if Release.objects.filter(pk=release.pk, state=ReleaseState.REJECTED).exists():
            discard_package(artifact)
        raise


def _make_public(
    release: Release, artifact: Artifact, *, trust: Trust, actor: User | None, reason: str
) -> None:
    quarantine_key = artifact.quarantine_key
    move_release(release, ReleaseState.PUBLISHED, actor=actor, reason=reason)
    release.published_at = release.published_at or timezone.now()
    release.trust = trust
    release.save(update_fields=["published_at", "trust"])
    artifact.quarantine_key = ""
    artifact.promoted_at = artifact.promoted_at or timezone.now()
    artifact.save(update_fields=["quarantine_key", "promoted_at"])
    refresh_after_change(release)
    append_entry(
        "release.published",
        release.plugin.name,
        release.version,
        sha256=artifact.sha256,
        integrity=artifact.integrity,
        size=artifact.size_bytes,
    )
    transaction.on_commit(lambda: _clear_quarantine(quarantine_key), robust=True)


def _clear_quarantine(key: str) -> None:
    """The object lies under its digest now. If this fails the sweeper will do it."""
    reach(Point.PUBLISHED)
    if key:
        get_store().delete(key)


def reject(
    release: Release,
    *,
    actor: User | None,
    reason: str,
    on_decided: Callable[[], None] = _do_nothing,
) -> None:
    """Refuse the release and remove its object. The record stays, for its author to read."""
    with transaction.atomic():
        move_release(release, ReleaseState.REJECTED, actor=actor, reason=reason)
        on_decided()
        transaction.on_commit(lambda: _discard(release), robust=True)


def _discard(release: Release) -> None:
    """The artifact names its object until that is gone, so the sweeper can do what fails here."""
    for artifact in release.artifacts.select_related("release"):
        discard_package(artifact)


def refresh_after_change(release: Release) -> None:
    """Bring the plugin's dist-tags and public document up to date with its releases."""
    release.plugin = refresh_plugin(release.plugin_id)
