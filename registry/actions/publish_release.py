"""Publish a package: stages 1 to 4, after which the registry is responsible for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
from django.db import IntegrityError, OperationalError

from accounts.models import Token, User
from accounts.policies import check_has_second_factor
from accounts.queries.tokens import find_minted
from common.lock_conflicts import is_lock_conflict
from registry.errors import PublishRaceError
from registry.models import Release
from registry.publishing.admit import Admission, admit_package
from registry.publishing.inspect import inspect_package
from registry.publishing.receive import ReceivedPackage
from registry.publishing.record import quarantine_upload, record_release

_log = structlog.get_logger("plugport.publish")
# A race can be lost twice for good reasons (the scope, then the plugin); a third time is unlikely.
_MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Publication:
    """The release, and whether this call created it."""

    release: Release
    is_new: bool


def publish_release(
    *,
    actor: User,
    received: ReceivedPackage,
    tag: str = "",
    changelog: str = "",
    visibility: str = "",
    token: Token | None = None,
    stage: bool = False,
) -> Publication:
    """Record a received package; its checks run in the worker afterwards.

    Writes the object, the release in state `checking`, a job and the audit entry. Publishing the
    same bytes again returns the existing release. `visibility` is that of a new plugin, by default
    that of its scope. `token` is that of the caller, if it has one: it limits what may be published, and
    must still be usable when the release is recorded. With `stage`, the release becomes public when a person approves it (`registry.actions.decide_staged`).

    Without one, an operator publishes at the command line.

    Raises `MfaRequiredError`, `ArchiveError`, `ManifestError`, `PublishRaceError`, `InvalidTokenError`, or any error of
    `registry.publishing.admit`; nothing is stored then.
    """
    if token is not None:
        check_has_second_factor(actor, token)
    inspected = inspect_package(received)
    minted = find_minted(token) if token is not None else None
    for _ in range(_MAX_ATTEMPTS):
        admission = admit_package(
            actor=actor,
            inspected=inspected,
            tag=tag,
            token=token,
            visibility=visibility,
            is_trusted=token is None or minted is not None,
        )
        if admission.existing is not None:
            return Publication(admission.existing, is_new=False)
        record = partial(
            record_release,
            actor=actor,
            token=token,
            minted=minted,
            admission=admission,
            inspected=inspected,
            tag=tag,
            changelog=changelog,
            needs_approval=stage,
        )
        release = _try_to_record(actor, admission, received, record)
        if release is not None:
            _log.info("recorded", release=str(release), size_bytes=received.size_bytes)
            return Publication(release, is_new=True)
    raise PublishRaceError(
        f"Other uploads of `{inspected.manifest.name}` are being recorded right now.",
        hint="Send the package again.",
    )


def _try_to_record(
    actor: User,
    admission: Admission,
    received: ReceivedPackage,
    record: Callable[..., Release],
) -> Release | None:
    """Record the release; None if another upload took the name or version in the meantime.

    Storing the object does not consume the received file, so the caller can try again.
    """
    try:
        with quarantine_upload(actor, received) as upload:
            return record(upload=upload)
    except IntegrityError:
        # A unique constraint decided the race. The next admission reads who won and can say so.
        return None
    except OperationalError as error:
        if not is_lock_conflict(error):
            raise
        # A deadlock decided it, and nothing was recorded.
        _log.info("deadlock_retried", plugin=str(admission.name))
        return None
