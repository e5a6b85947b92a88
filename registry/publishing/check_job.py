"""The background job `check-release`: stages 5 to 7 of publishing."""

from __future__ import annotations

import structlog

from registry.jobs.queue import Lease, finish_job, renew_lease
from registry.models import Release, Trust
from registry.models.states import ReleaseState
from registry.publishing.check import run_checks
from registry.publishing.decide import CheckOutcome, Decision, Verdict, decide
from registry.publishing.failpoints import FailPoint, hit
from registry.publishing.release import apply_verdict

_log = structlog.get_logger("plugport.work")


def run_release_checks(lease: Lease) -> None:
    """Run the release's open checks, decide, and apply the verdict. Safe to repeat.

    The job is finished in the transaction of the decision, so a worker that lost its lease cannot
    decide. Raises `LeaseLostError`, and whatever the storage raises.
    """
    release = _find_checking_release(lease)
    if release is None:
        finish_job(lease)
        return
    # Each stored result renews the lease, so a job may take longer than one lease.
    run_checks(release, on_progress=lambda: renew_lease(lease))
    outcomes = [CheckOutcome(run.name, run.state, run.findings) for run in release.checks.all()]
    scope = release.plugin.scope
    verdict = decide(outcomes, is_official=scope is not None and scope.is_official)
    apply_verdict(release, verdict, actor=None, on_decided=lambda: finish_job(lease))
    # The decision is committed: a crash from here on loses nothing.
    hit(FailPoint.DECIDED)
    _log.info("decided", release=str(release), decision=verdict.decision.value)


def hold_unchecked_release(lease: Lease) -> None:
    """Hold the release for a moderator: an unchecked release is never published."""
    release = _find_checking_release(lease)
    if release is None:
        finish_job(lease)
        return
    reason = "The checks could not be run. A moderator will review the release."
    verdict = Verdict(Decision.HOLD, reason, Trust.EXPERIMENTAL)
    apply_verdict(release, verdict, actor=None, on_decided=lambda: finish_job(lease))


def _find_checking_release(lease: Lease) -> Release | None:
    """The job's release; None if it was deleted or decided since the job was added."""
    releases = Release.objects.select_related("plugin", "plugin__scope")
    return releases.filter(pk=int(lease.key), state=ReleaseState.CHECKING).first()
