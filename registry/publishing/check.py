"""Stage 5, *check*: in the worker, run what is not done yet, and store the results as they come.

A crash loses at most the check that was running and the quick ones just before it: a check with
a stored result is not run again.
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

from plugport.checks.base import Check, Finding, Severity, Subject
from plugport.checks.registry import CHECKS, run_check
from plugport.checks.subject import make_subject
from plugport.spec.errors import PlugportError
from registry.models import CheckRun, CheckState, Release
from registry.publishing.faults import Point, reach
from registry.publishing.limits import get_archive_limits
from registry.scratch import open_scratch_folder
from registry.storage import get_store
from registry.timebox import TimeboxError, run_within

_log = structlog.get_logger("plugport.check")
_OPEN = (CheckState.QUEUED, CheckState.RUNNING)
# Results that come faster are stored together: each commit waits for the disk, and for others.
_STORE_SECONDS = 0.2


def run_checks(release: Release, *, on_progress: Callable[[], None]) -> None:
    """Run every check of the release that has no result.

    `on_progress` is called in each transaction that stores results, and may refuse it by raising.
    Reads the object from quarantine into scratch. Raises what storage raises; whatever a check
    raises becomes its state `errored`.
    """
    runs = list(release.checks.filter(state__in=_OPEN))
    if not runs:
        return
    artifact = release.artifacts.get(role="package")
    checks = {check.name: check for check in CHECKS}
    with open_scratch_folder() as folder:
        archive = folder / "package.tar.gz"
        get_store().fetch(artifact.quarantine_key, archive)
        results = _Results(on_progress)
        results.announce(runs[0])
        subject = _prepare(archive, folder)
        for run in runs:
            results.announce(run)
            reach(Point.CHECKING)
            started = time.perf_counter()
            run.state, findings = _look(run, checks.get(run.name), subject)
            run.findings = [finding.as_dict() for finding in findings]
            run.duration_ms = round((time.perf_counter() - started) * 1000)
            run.finished_at = timezone.now()
            results.keep(run)
        results.store()
    reach(Point.CHECKED)


class _Results:
    """What is known of the checks and not stored yet."""

    def __init__(self, on_progress: Callable[[], None]) -> None:
        self._on_progress = on_progress
        self._kept: list[CheckRun] = []
        self._stored_at = -math.inf

    def keep(self, run: CheckRun) -> None:
        """Take a check with its result."""
        self._kept.append(run)

    def announce(self, run: CheckRun) -> None:
        """Say that the check runs now, unless something was stored a moment ago."""
        if time.monotonic() - self._stored_at >= _STORE_SECONDS:
            run.state = CheckState.RUNNING
            self._kept.append(run)
            self.store()

    def store(self) -> None:
        """Write it all. Nobody else writes results meanwhile: `on_progress` locks the lease."""
        with transaction.atomic():
            self._on_progress()
            CheckRun.objects.bulk_create(
                self._kept,
                update_conflicts=True,
                unique_fields=["id"],
                update_fields=["state", "findings", "duration_ms", "finished_at"],
            )
        self._kept = []
        self._stored_at = time.monotonic()


def _prepare(archive: Path, folder: Path) -> Callable[[], Subject]:
    """The subject of the checks; where there is none, each check that asks is told why."""
    try:
        subject = run_within(
            settings.CHECK_SECONDS, lambda: make_subject(archive, folder, get_archive_limits())
        )
    except (PlugportError, TimeboxError) as error:
        reason = error

        def refuse() -> Subject:
            raise reason

        return refuse
    return lambda: subject


def _look(
    run: CheckRun, check: Check | None, subject: Callable[[], Subject]
) -> tuple[CheckState, list[Finding]]:
    """State and findings of one check; its own failure is a state, never an exception."""
    try:
        if check is None:
            return CheckState.ERRORED, [_own_fault(f"There is no check `{run.name}` any more.")]
        findings = run_within(settings.CHECK_SECONDS, lambda: run_check(check, subject()))
    except TimeboxError:
        seconds = settings.CHECK_SECONDS
        return CheckState.ERRORED, [_own_fault(f"It did not finish within {seconds} seconds.")]
    except Exception as error:  # noqa: BLE001 -- whatever a check does wrong is its state
        _log.exception("check_errored", check=run.name, release_id=run.release_id)
        return CheckState.ERRORED, [_own_fault(f"It broke ({type(error).__name__}).")]
    failed = any(finding.severity is Severity.ERROR for finding in findings)
    return (CheckState.FAILED if failed else CheckState.PASSED), findings


def _own_fault(message: str) -> Finding:
    return Finding(
        "check-errored",
        Severity.WARNING,
        message,
        hint="This is the registry's fault. A moderator was asked to look; you need do nothing.",
    )
