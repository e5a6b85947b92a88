"""Stage 5, *check*: in the worker, run the open checks and store their results as they finish.

A crash loses the check that was running and the quick ones just before it, no more: a check with
a stored result does not run again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common.disk_errors import translate_full_disk
from common.http.errors import StorageFullError
from plugport.checks.base import Check, Finding, Severity, Subject
from plugport.checks.registry import CHECKS, run_check
from plugport.checks.subject import load_subject
from plugport.spec.errors import PlugportError
from registry.errors import WorkTimeoutError
from registry.models import CheckRun, CheckState, Release
from registry.package_limits import get_archive_limits
from registry.publishing.failpoints import FailPoint, hit
from registry.publishing.time_limit import run_with_timeout
from registry.storage import get_store
from registry.storage.scratch import SCRATCH, open_scratch_folder

_log = structlog.get_logger("plugport.check")
_PENDING_STATES = (CheckState.QUEUED, CheckState.RUNNING)
# Results that arrive faster are stored together: each commit waits for the disk, and on SQLite for
# every other writer.
_STORE_INTERVAL_SECONDS = 0.2


def run_checks(release: Release, *, on_progress: Callable[[], None]) -> None:
    """Run every check of the release that has no result yet.

    Copies the object from quarantine to scratch. `on_progress` is called in each transaction that
    stores results and may roll it back by raising. Raises what the storage raises; anything a
    check raises becomes its state `errored`.
    """
    runs = list(release.checks.filter(state__in=_PENDING_STATES))
    if not runs:
        return
    artifact = release.artifacts.get(role="package")
    # By name: a row written by another version may name a check that this version does not have.
    checks = {check.name: check for check in CHECKS}
    with open_scratch_folder() as folder:
        archive = folder / "package.tar.gz"
        get_store().fetch(artifact.quarantine_key, archive)
        results = _ResultBuffer(on_progress)
        results.mark_running(runs[0])
        subject = _build_subject_factory(archive, folder)
        for run in runs:
            results.mark_running(run)
            hit(FailPoint.CHECKING)
            # Monotonic: the wall clock may be set while a check runs.
            started = time.perf_counter()
            run.state, findings = _run_check(run, checks.get(run.name), subject)
            run.findings = [finding.as_dict() for finding in findings]
            run.duration_ms = round((time.perf_counter() - started) * 1000)
            run.finished_at = timezone.now()
            results.add(run)
        results.store()
    hit(FailPoint.CHECKED)


class _ResultBuffer:
    """Check results that are not stored yet."""

    def __init__(self, on_progress: Callable[[], None]) -> None:
        self._on_progress = on_progress
        self._pending: list[CheckRun] = []
        self._stored_at = -math.inf

    def add(self, run: CheckRun) -> None:
        """Add a finished check; `store` writes it."""
        self._pending.append(run)

    def mark_running(self, run: CheckRun) -> None:
        """Store that the check is running, unless results were stored a moment ago."""
        if time.monotonic() - self._stored_at >= _STORE_INTERVAL_SECONDS:
            run.state = CheckState.RUNNING
            self._pending.append(run)
            self.store()

    def store(self) -> None:
        """Write all pending results in one transaction."""
        with transaction.atomic():
            # First: renewing the lease locks the job's row, so a worker that took the job over cannot
            # store its own results between these statements.
            self._on_progress()
            CheckRun.objects.bulk_create(
                self._pending,
                update_conflicts=True,
                unique_fields=["id"],
                update_fields=["state", "findings", "duration_ms", "finished_at"],
            )
        self._pending = []
        self._stored_at = time.monotonic()


def _build_subject_factory(archive: Path, folder: Path) -> Callable[[], Subject]:
    """A function that returns the checks' subject, or raises the reason why there is none.

    Loading happens once, here; with a broken package each check that needs the subject errors.
    Raises `StorageFullError`: a full disk says nothing about the package.
    """
    try:
        with translate_full_disk(SCRATCH):
            subject = run_with_timeout(
                settings.CHECK_SECONDS, lambda: load_subject(archive, folder, get_archive_limits())
            )
    except StorageFullError:
        raise
    except (PlugportError, WorkTimeoutError) as error:
        reason = error

        def refuse() -> Subject:
            raise reason

        return refuse
    return lambda: subject


def _run_check(
    run: CheckRun, check: Check | None, subject: Callable[[], Subject]
) -> tuple[CheckState, list[Finding]]:
    """State and findings of one check. Never raises: a failure of the check is its state."""
    try:
        if check is None:
            return CheckState.ERRORED, [
                _build_errored_finding(f"The check `{run.name}` no longer exists.")
            ]
        findings = run_with_timeout(settings.CHECK_SECONDS, lambda: run_check(check, subject()))
    except WorkTimeoutError:
        seconds = settings.CHECK_SECONDS
        return CheckState.ERRORED, [
            _build_errored_finding(f"The check did not finish within {seconds} seconds.")
        ]
    # Not BaseException: a worker that is being stopped must stop.
    except Exception as error:  # noqa: BLE001 -- any failure of a check is its state
        _log.exception("check_errored", check=run.name, release_id=run.release_id)
        return CheckState.ERRORED, [
            _build_errored_finding(
                f"The check failed with an internal error ({type(error).__name__})."
            )
        ]
    failed = any(finding.severity is Severity.ERROR for finding in findings)
    return (CheckState.FAILED if failed else CheckState.PASSED), findings


def _build_errored_finding(message: str) -> Finding:
    return Finding(
        "check-errored",
        Severity.WARNING,
        message,
        hint="This is an error of the registry. A moderator will review the release; no action is"
        " needed from you.",
    )
