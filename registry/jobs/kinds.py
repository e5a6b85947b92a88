"""The kinds of jobs and the functions that run them.

Handlers are dotted paths and loaded when a job runs: they live with the code whose work they do,
and that code imports this package to add jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.module_loading import import_string

from registry.jobs.queue import Lease

CHECK_RELEASE = "check-release"
Handler = Callable[[Lease], None]


@dataclass(frozen=True, slots=True)
class JobKind:
    """Two handlers, each of which must finish the job: `run`, and `give_up` at the last attempt.

    `give_up` must not repeat the work: every earlier attempt failed or ended without a result, so
    the work itself may be what kills the worker.
    """

    run_path: str
    give_up_path: str

    def load_handler(self, *, is_last: bool) -> Handler:
        """The function for this attempt. Raises `ImportError` for a wrong path."""
        handler: Handler = import_string(self.give_up_path if is_last else self.run_path)
        return handler


JOB_KINDS: Mapping[str, JobKind] = {
    CHECK_RELEASE: JobKind(
        run_path="registry.publishing.check_job.run_release_checks",
        give_up_path="registry.publishing.check_job.hold_unchecked_release",
    ),
}
