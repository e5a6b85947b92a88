"""Publish a folder of this machine through the same pipeline as an upload."""

from __future__ import annotations

import time
from pathlib import Path

from django.conf import settings

from accounts.models import User
from common.disk_errors import translate_full_disk
from plugport.spec.archive.packer import pack_tree
from registry.actions.publish_release import Publication, publish_release
from registry.errors import ChecksPendingError
from registry.jobs.runner import run_pending_jobs
from registry.models import Release
from registry.models.states import ReleaseState
from registry.publishing.receive import receive_file
from registry.storage.scratch import SCRATCH, open_scratch_folder

_POLL_SECONDS = 0.1


def publish_folder(
    *,
    actor: User,
    folder: Path,
    tag: str = "",
    changelog: str = "",
) -> Publication:
    """Pack and publish the folder, then wait until its checks are decided.

    Runs the checks in this process unless a worker is faster. Raises what packing and
    `publish_release` raise, and `ChecksPendingError` if the checks do not finish in time.
    """
    with open_scratch_folder() as scratch:
        archive = scratch / "package.tgz"
        with translate_full_disk(SCRATCH), archive.open("wb") as out:
            # The caller has selected the files; the data folder may be in a repository.
            pack_tree(folder, out, include_ignored=True)
        with receive_file(archive) as received:
            publication = publish_release(
                actor=actor, received=received, tag=tag, changelog=changelog
            )
    _wait_for_decision(publication.release)
    return publication


def _wait_for_decision(release: Release) -> None:
    # Twice the lease: a worker that died with the job holds it for one lease, the retry is next.
    deadline = time.monotonic() + 2 * settings.LEASE_SECONDS
    while release.state == ReleaseState.CHECKING:
        # A worker may run at the same time; leases decide which of the two checks the release.
        run_pending_jobs()
        release.refresh_from_db()
        if release.state == ReleaseState.CHECKING:
            if time.monotonic() > deadline:
                raise ChecksPendingError(f"The checks of `{release}` are not finished yet.")
            time.sleep(_POLL_SECONDS)
