"""Remove the stored objects of a rejected release."""

from __future__ import annotations

from django.db import transaction

from registry.models import Artifact, Plugin
from registry.models.states import ReleaseState
from registry.publishing.deletion_hold import has_deletion_hold
from registry.storage import get_store
from registry.storage.keys import build_package_key, build_quarantine_key


def discard_package(artifact: Artifact) -> bool:
    """Remove the artifact's objects, then clear its quarantine key. Safe to repeat.

    Returns False, and only marks the artifact for the sweeper, while a backup may need the objects.

    A rejected release can also have an object under its digest: a crash interrupted its
    promotion. That object is removed unless another release has the same bytes, which happens
    when an author sends the same version again.
    """
    store = get_store()
    with transaction.atomic():
        # Recording a release locks the same row, so no release with these bytes can appear between
        # the query below and the removal.
        Plugin.objects.select_for_update(of=("self",)).get(pk=artifact.release.plugin_id)
        # The rejection is committed, so a backup that starts after this query does not name them.
        if has_deletion_hold():
            Artifact.objects.filter(pk=artifact.pk).update(
                quarantine_key=artifact.quarantine_key
                or build_quarantine_key(artifact.release.public_id)
            )
            return False
        if artifact.quarantine_key:
            store.delete(artifact.quarantine_key)
        if not _is_referenced(artifact.sha256):
            store.delete(build_package_key(artifact.digest))
        Artifact.objects.filter(pk=artifact.pk).update(quarantine_key="")
    return True


def _is_referenced(sha256: str) -> bool:
    """Whether a release that is not rejected has these bytes."""
    artifacts = Artifact.objects.filter(sha256=sha256)
    return artifacts.exclude(release__state=ReleaseState.REJECTED).exists()
