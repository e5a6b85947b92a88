"""The sweeper: removes from quarantine what a crash left there."""

from __future__ import annotations

import datetime as dt

import structlog
from django.conf import settings
from django.utils import timezone

from registry.models import Artifact, Upload
from registry.publishing.discard import discard_package
from registry.publishing.record import abandon_upload
from registry.publishing.states import ReleaseState
from registry.scratch import sweep_scratch
from registry.storage import get_store
from registry.storage.keys import QUARANTINE

_log = structlog.get_logger("plugport.sweep")
# No upload and no copy takes this long: what is not whole by then never will be.
_UNFINISHED_SECONDS = 3600


def sweep_storage() -> int:
    """Remove abandoned uploads, objects nobody wants, and scratch of dead processes.

    Returns how many objects and folders went. Safe beside running publishes: an object is put
    after its upload row is committed, and that row goes in the transaction that writes the
    artifact. So uploads are asked first, artifacts second: whoever is in neither is an orphan.
    """
    now = timezone.now()
    removed = sweep_scratch()
    removed += _expire_uploads(now) + _discard_rejected()
    young = now - dt.timedelta(seconds=settings.UPLOAD_SECONDS)
    found = [o.key for o in get_store().list_objects(QUARANTINE) if o.modified_at < young]
    for chunk in (found[i : i + 500] for i in range(0, len(found), 500)):
        wanted = set(Upload.objects.filter(key__in=chunk).values_list("key", flat=True))
        wanted |= set(
            Artifact.objects.filter(quarantine_key__in=chunk).values_list(
                "quarantine_key", flat=True
            )
        )
        for key in set(chunk) - wanted:
            get_store().delete(key)
            removed += 1
    if removed:
        _log.info("swept", removed=removed)
    return removed


def _expire_uploads(now: dt.datetime) -> int:
    """Uploads past their time were never recorded: nobody was told they had arrived."""
    late = Upload.objects.filter(expires_at__lt=now)[:1000]
    return sum(abandon_upload(upload) for upload in late)


def _discard_rejected() -> int:
    """Rejected releases that still name an object: whoever was to remove it died before."""
    # `> ""`, where `<> ""` would say the same, is what an index can answer.
    left = Artifact.objects.filter(quarantine_key__gt="", release__state=ReleaseState.REJECTED)
    artifacts = list(left.select_related("release")[:1000])
    for artifact in artifacts:
        discard_package(artifact)
    return len(artifacts)


def sweep_unfinished() -> int:
    """Remove what writes to the storage left that were cut off long ago; returns how many."""
    before = timezone.now() - dt.timedelta(seconds=_UNFINISHED_SECONDS)
    return get_store().discard_unfinished(before)
