"""Publish: stages 1 to 4, up to the point where the registry has taken responsibility."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from django.db import IntegrityError

from accounts.models import User
from plugport.spec.errors import ConflictError
from registry.models import Release
from registry.publishing.admit import Admission, admit_package
from registry.publishing.inspect import InspectedPackage, inspect_package
from registry.publishing.receive import ReceivedPackage
from registry.publishing.record import quarantine_upload, record_release

_log = structlog.get_logger("plugport.publish")
_ATTEMPTS = 3


class PublishRaceError(ConflictError):
    """Other publishers kept changing the same names; nothing was stored."""

    code, title = "publish-race", "Others published at the same time"


@dataclass(frozen=True, slots=True)
class Publication:
    """What came of it: the release, and whether this call made it."""

    release: Release
    is_new: bool


def publish_release(
    *,
    actor: User,
    received: ReceivedPackage,
    tag: str = "",
    changelog: str = "",
    token_limit: str = "",
) -> Publication:
    """Take a received package in; its checks run afterwards in the worker.

    Writes the object, the release in state `checking`, a job and the audit record. The same
    bytes again give the same release. Raises `ArchiveError`, `ManifestError`, or any error of
    `registry.publishing.admit`; nothing is left behind then.
    """
    inspected = inspect_package(received)
    for _ in range(_ATTEMPTS):
        admission = admit_package(
            actor=actor, inspected=inspected, tag=tag, token_limit=token_limit
        )
        if admission.existing is not None:
            return Publication(admission.existing, is_new=False)
        release = _try_to_record(actor, admission, inspected, tag, changelog)
        if release is not None:
            _log.info("recorded", release=str(release), size_bytes=received.size_bytes)
            return Publication(release, is_new=True)
    raise PublishRaceError(
        f"`{inspected.manifest.name}` is being published by others right now.",
        hint="Send it again.",
    )


def _try_to_record(
    actor: User, admission: Admission, inspected: InspectedPackage, tag: str, changelog: str
) -> Release | None:
    """Record the release; None if another publisher took the name or version meanwhile.

    The object is put from a second name of the file, so that a lost race can be tried again.
    """
    received = inspected.received
    try:
        with quarantine_upload(actor, received) as upload:
            return record_release(
                actor=actor,
                admission=admission,
                inspected=inspected,
                upload=upload,
                tag=tag,
                changelog=changelog,
            )
    except IntegrityError:
        return None
