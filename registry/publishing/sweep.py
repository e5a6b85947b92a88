"""The sweeper: remove what crashes left in quarantine and scratch, and what has ended."""

from __future__ import annotations

import datetime as dt

import structlog
from django.conf import settings
from django.utils import timezone

from registry.models import Artifact, Invitation, Upload
from registry.models.states import ReleaseState
from registry.publishing.discard import discard_package
from registry.publishing.record import abandon_upload
from registry.queries.members import build_ended_condition
from registry.storage import get_store
from registry.storage.keys import QUARANTINE
from registry.storage.scratch import sweep_scratch

_log = structlog.get_logger("plugport.sweep")
# No upload and no copy runs this long: a write that is older was interrupted.
_UNFINISHED_SECONDS = 3600
# SQLite allows a limited number of parameters in one query.
_BATCH_SIZE = 500
_MAX_ROWS = 1000


def sweep_storage() -> int:
    """Remove abandoned uploads, unreferenced objects, and scratch folders of dead processes.

    Returns how many objects and folders were removed. Safe while packages are being published.
    """
    now = timezone.now()
    removed = sweep_scratch()
    removed += _expire_uploads(now) + _discard_rejected()
    # Younger objects may belong to a transaction that is not visible here yet.
    before = now - dt.timedelta(seconds=settings.UPLOAD_SECONDS)
    keys = [o.key for o in get_store().iter_objects(QUARANTINE) if o.modified_at < before]
    for chunk in (keys[i : i + _BATCH_SIZE] for i in range(0, len(keys), _BATCH_SIZE)):
        # An object is stored after its upload row is committed, and that row is deleted in the
        # transaction that writes the artifact. So uploads are queried first and artifacts second:
        # an object in neither result is orphaned. In the other order, a release recorded between
        # the two queries would be missed by both.
        referenced = set(Upload.objects.filter(key__in=chunk).values_list("key", flat=True))
        referenced |= set(
            Artifact.objects.filter(quarantine_key__in=chunk).values_list(
                "quarantine_key", flat=True
            )
        )
        for key in set(chunk) - referenced:
            get_store().delete(key)
            removed += 1
    if removed:
        _log.info("swept", removed=removed)
    return removed


def _expire_uploads(now: dt.datetime) -> int:
    """Remove expired uploads. They were never recorded, so no publisher got an answer for them."""
    expired = Upload.objects.filter(expires_at__lt=now)[:_MAX_ROWS]
    return sum(abandon_upload(upload) for upload in expired)


def _discard_rejected() -> int:
    """Remove objects of rejected releases whose removal was interrupted."""
    # `> ""` means the same as `<> ""`, but only the former can use the index.
    remaining = Artifact.objects.filter(quarantine_key__gt="", release__state=ReleaseState.REJECTED)
    artifacts = list(remaining.select_related("release")[:_MAX_ROWS])
    return sum(discard_package(artifact) for artifact in artifacts)


def sweep_unfinished() -> int:
    """Remove what storage writes left that were interrupted long ago; returns how many."""
    before = timezone.now() - dt.timedelta(seconds=_UNFINISHED_SECONDS)
    return get_store().discard_unfinished(before)


def delete_ended_invitations() -> int:
    """Delete invitations that can no longer be accepted; returns how many."""
    # Without the lock of the plugin: nothing changes a row that has ended.
    return Invitation.objects.filter(build_ended_condition()).delete()[0]
