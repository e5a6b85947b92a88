"""Carrying out listed jobs. The tasks call this; so do commands that will not wait for a worker."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import structlog

from plugport.spec.errors import UnavailableError
from registry.jobs import (
    Lease,
    LeaseLostError,
    finish_job,
    park_job,
    postpone_job,
    renew_lease,
    return_job,
    take_job,
)
from registry.models import Release, Trust
from registry.publishing.check import run_checks
from registry.publishing.decide import CheckOutcome, Decision, Verdict, decide
from registry.publishing.faults import Point, reach
from registry.publishing.record import CHECK_JOB
from registry.publishing.release import carry_out
from registry.publishing.states import ReleaseState

_log = structlog.get_logger("plugport.work")


def check_release(lease: Lease) -> None:
    """Run the open checks of a release, decide, carry the verdict out. Safe to repeat.

    The job is finished in the transaction of the decision.
    """
    release = (
        Release.objects.select_related("plugin", "plugin__scope").filter(pk=int(lease.key)).first()
    )
    if release is None or release.state != ReleaseState.CHECKING:
        finish_job(lease)
        return
    run_checks(release, on_progress=lambda: renew_lease(lease))
    outcomes = [CheckOutcome(run.name, run.state, run.findings) for run in release.checks.all()]
    scope = release.plugin.scope
    verdict = decide(outcomes, is_official=scope is not None and scope.is_official)
    carry_out(release, verdict, actor=None, on_decided=lambda: finish_job(lease))
    reach(Point.DECIDED)
    _log.info("decided", release=str(release), decision=verdict.decision.value)


def give_up_on_release(lease: Lease) -> None:
    """After the last attempt a person must look: a release is never published for want of a check."""
    release = Release.objects.select_related("plugin").filter(pk=int(lease.key)).first()
    if release is None or release.state != ReleaseState.CHECKING:
        finish_job(lease)
        return
    reason = "The checks could not be run; a moderator will look."
    verdict = Verdict(Decision.HOLD, reason, Trust.EXPERIMENTAL)
    carry_out(release, verdict, actor=None, on_decided=lambda: finish_job(lease))


# What is done for each kind of job, at first and at last. Both finish the job.
HANDLERS: dict[str, tuple[Callable[[Lease], None], Callable[[Lease], None]]] = {
    CHECK_JOB: (check_release, give_up_on_release),
}


def run_job(lease: Lease) -> None:
    """Run one leased job to its end, or give it back with what went wrong."""
    if lease.kind not in HANDLERS:
        # Listed by a newer version of this program, which was taken back since.
        _log.error("job_unknown", kind=lease.kind, key=lease.key)
        park_job(lease, "There is no handler for this kind of job.")
        return
    handle, give_up = HANDLERS[lease.kind]
    try:
        if lease.is_last:
            # Every attempt before failed or ended without a word: the package may kill its worker.
            give_up(lease)
        else:
            handle(lease)
    except LeaseLostError:
        _log.warning("lease_lost", kind=lease.kind, key=lease.key)
    except UnavailableError as error:
        _log.warning("job_postponed", kind=lease.kind, key=lease.key, error=error.detail)
        postpone_job(lease, error.detail)
    except Exception as error:  # noqa: BLE001 -- logged, and the job goes back on the list
        _log.exception("job_failed", kind=lease.kind, key=lease.key, attempts=lease.attempts)
        return_job(lease, f"{type(error).__name__}: {error}")


def work_off(job_id: int | None = None, *, most: int = 1000, seconds: float = math.inf) -> int:
    """Run the given job if it is free, then every other that is; returns how many were run.

    Takes no further job after `most` jobs or `seconds`.
    """
    done = 0
    until = time.monotonic() + seconds
    lease = take_job(job_id)
    while lease is not None:
        run_job(lease)
        done += 1
        lease = take_job() if done < most and time.monotonic() < until else None
    return done
