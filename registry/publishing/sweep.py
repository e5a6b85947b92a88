"""The sweeper: removes from quarantine what a crash left there."""

from __future__ import annotations

import datetime as dt

import structlog
from django.conf import settings
from django.utils import timezone

from registry.models import Artifact, Upload
from registry.scratch import sweep_scratch
from registry.storage import get_store
from registry.storage.keys import QUARANTINE

_log = structlog.get_logger("plugport.sweep")


def sweep_storage() -> int:
    """Remove abandoned uploads, objects nobody names, and scratch of dead processes.

    Returns how many objects and folders went. Safe beside running publishes: an object is put
    after its upload row is committed, and that row goes in the transaction that writes the
    artifact. So uploads are asked first, artifacts second: whoever is in neither is an orphan.
    """
    now = timezone.now()
    removed = sweep_scratch()
    removed += _expire_uploads(now)
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
    """Uploads past their time were never recorded: nobody was told they had arrived.

    The row goes first: a publisher that is late finds it gone and gives up, instead of recording
    a release whose object is being deleted.
    """
    removed = 0
    for upload in Upload.objects.filter(expires_at__lt=now)[:1000]:
        key = upload.key
        if Upload.objects.filter(pk=upload.pk, expires_at__lt=now).delete()[0]:
            get_store().delete(key)
            removed += 1
    return removed
