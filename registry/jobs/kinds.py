"""The kinds of jobs and the functions that run them.

Handlers are dotted paths and loaded when a job runs: they live with the code whose work they do,
and that code imports this package to add jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.module_loading import import_string

from registry.jobs.queue import MAX_ATTEMPTS, Lease

CHECK_RELEASE = "check-release"
PURGE_CACHE = "purge-cache"
Handler = Callable[[Lease], None]


@dataclass(frozen=True, slots=True)
class JobKind:
    """Two handlers, each of which must finish the job: `run`, and `give_up` at the last attempt.

    `give_up` must not repeat the work: every earlier attempt failed or ended without a result, so
    the work itself may be what kills the worker. The wait after a failure doubles up to
    `max_wait_seconds`, by default up to the time of a lease.
    """

    run_path: str
    give_up_path: str
    max_attempts: int = MAX_ATTEMPTS
    max_wait_seconds: int | None = None

    def is_last(self, lease: Lease) -> bool:
        """Whether this is the last attempt."""
        return lease.attempts >= self.max_attempts

    def load_handler(self, *, is_last: bool) -> Handler:
        """The function for this attempt. Raises `ImportError` for a wrong path."""
        handler: Handler = import_string(self.give_up_path if is_last else self.run_path)
        return handler


JOB_KINDS: Mapping[str, JobKind] = {
    CHECK_RELEASE: JobKind(
        run_path="registry.publishing.check_job.run_release_checks",
        give_up_path="registry.publishing.check_job.hold_unchecked_release",
    ),
    # For more than two hours: the service of the cache may be down, and nobody waits for the result.
    PURGE_CACHE: JobKind(
        run_path="registry.publishing.purge.purge_release",
        give_up_path="registry.publishing.purge.report_failed_purge",
        max_attempts=24,
        max_wait_seconds=600,
    ),
}
