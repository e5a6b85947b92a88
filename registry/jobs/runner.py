"""Run listed jobs. Celery tasks call this, and commands that do not wait for a worker."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import structlog
from django.db import OperationalError

from common.lock_conflicts import is_lock_conflict
from plugport.spec.errors import UnavailableError
from registry.errors import LeaseLostError
from registry.jobs.kinds import JOB_KINDS, JobKind
from registry.jobs.queue import Lease, fail_job, lease_job, postpone_job, retry_job

_log = structlog.get_logger("plugport.work")


def run_job(lease: Lease) -> None:
    """Run one leased job to its end, or return it to the list with the error. Never raises."""
    kind = JOB_KINDS.get(lease.kind)
    if kind is None:
        # A newer version of this program added it before an operator rolled back.
        _log.error("job_unknown", kind=lease.kind, key=lease.key)
        fail_job(lease, "There is no handler for this kind of job.")
        return
    try:
        kind.load_handler(is_last=kind.is_last(lease))(lease)
    except LeaseLostError:
        _log.warning("lease_lost", kind=lease.kind, key=lease.key)
    except UnavailableError as error:
        # An outage says nothing about the job: the attempt does not count, or a storage that is
        # down for a minute would use up all attempts of every job.
        _log.warning("job_postponed", kind=lease.kind, key=lease.key, error=error.detail)
        postpone_job(lease, error.detail)
    except OperationalError as error:
        if not is_lock_conflict(error):
            _report_failure(lease, error, kind)
            return
        # Nor does a deadlock: the database chose one of two transactions.
        _log.info("deadlock_retried", kind=lease.kind, key=lease.key)
        postpone_job(lease, "The database ended a deadlock.")
    except Exception as error:  # noqa: BLE001 -- logged, and the job returns to the list
        _report_failure(lease, error, kind)


def _report_failure(lease: Lease, error: Exception, kind: JobKind) -> None:
    _log.error(
        "job_failed", kind=lease.kind, key=lease.key, attempts=lease.attempts, exc_info=error
    )
    retry_job(lease, f"{type(error).__name__}: {error}", max_wait_seconds=kind.max_wait_seconds)


def run_pending_jobs(
    *,
    max_jobs: int = 1000,
    seconds: float = math.inf,
    is_stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Run every free job, the oldest first; returns how many ran.

    Leases no further job after `max_jobs` jobs, after `seconds`, or when `is_stopping` returns true.
    """
    done = 0
    until = time.monotonic() + seconds
    while not is_stopping() and (lease := lease_job()):
        run_job(lease)
        done += 1
        if done >= max_jobs or time.monotonic() >= until:
            break
    return done
