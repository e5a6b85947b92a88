"""Removing the objects of a release that was refused."""

from __future__ import annotations

from django.db import transaction

from registry.models import Artifact, Plugin
from registry.publishing.states import ReleaseState
from registry.storage import get_store
from registry.storage.keys import make_package_key


def discard_package(artifact: Artifact) -> None:
    """Remove the artifact's objects, after which it names none. Safe to repeat.

    An object may lie under its digest although the release was refused: its promotion was cut
    off before the release became public. That object goes unless another release has the same
    bytes, which is the same version sent again. The plugin's row is locked for as long as the
    removal takes, so that no such release is recorded between the question and the act.
    """
    store = get_store()
    with transaction.atomic():
        Plugin.objects.select_for_update(of=("self",)).get(pk=artifact.release.plugin_id)
        if artifact.quarantine_key:
            store.delete(artifact.quarantine_key)
        if not _is_wanted(artifact.sha256):
            store.delete(make_package_key(artifact.digest))
        Artifact.objects.filter(pk=artifact.pk).update(quarantine_key="")


def _is_wanted(sha256: str) -> bool:
    """Whether a release that is not refused has these bytes."""
    same = Artifact.objects.filter(sha256=sha256)
    return same.exclude(release__state=ReleaseState.REJECTED).exists()
