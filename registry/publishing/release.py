"""Stage 7, *release*: carry out the verdict.

Publishing promotes the object first and commits afterwards: whoever can see a release can
download it. Promotion is idempotent, so a crash between the two is repeated, not repaired.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from registry.documents import refresh_plugin
from registry.journal import append_entry
from registry.models import Artifact, Release, Trust
from registry.publishing.decide import Decision, Verdict
from registry.publishing.states import ReleaseState
from registry.publishing.transition import move_release
from registry.storage import get_store
from registry.storage.keys import make_package_key


def carry_out(release: Release, verdict: Verdict, *, actor: User | None) -> None:
    """Publish, hold or reject. Raises `TransitionError` if the release moved on meanwhile."""
    match verdict.decision:
        case Decision.PUBLISH:
            publish(release, trust=verdict.trust, actor=actor, reason=verdict.reason)
        case Decision.HOLD:
            with transaction.atomic():
                move_release(release, ReleaseState.HELD, actor=actor, reason=verdict.reason)
        case Decision.REJECT:
            reject(release, actor=actor, reason=verdict.reason)


def publish(release: Release, *, trust: Trust, actor: User | None, reason: str) -> None:
    """Promote the object, then make the release public in one transaction."""
    artifact = release.artifacts.get(role="package")
    quarantine_key = artifact.quarantine_key
    if quarantine_key:
        get_store().promote(quarantine_key, make_package_key(artifact.digest))
    with transaction.atomic():
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
        _delete_after_commit(quarantine_key)


def reject(release: Release, *, actor: User | None, reason: str) -> None:
    """Refuse the release and remove its object. The record stays, for its author to read."""
    with transaction.atomic():
        move_release(release, ReleaseState.REJECTED, actor=actor, reason=reason)
        for artifact in Artifact.objects.filter(release=release).exclude(quarantine_key=""):
            _delete_after_commit(artifact.quarantine_key)
        release.artifacts.update(quarantine_key="")


def refresh_after_change(release: Release) -> None:
    """Bring the plugin's dist-tags and public document up to date with its releases."""
    release.plugin = refresh_plugin(release.plugin_id)


def _delete_after_commit(key: str) -> None:
    """Remove the object once the change is safe; if that fails the sweeper will."""
    if key:
        transaction.on_commit(lambda: get_store().delete(key), robust=True)
