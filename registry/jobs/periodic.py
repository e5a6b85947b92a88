"""Periodic work: each worker has a thread for it, which needs no queue and waits behind no job."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from django.utils.module_loading import import_string

from registry.jobs.last_runs import claim_run

_log = structlog.get_logger("plugport.periodic")


@dataclass(frozen=True, slots=True)
class PeriodicWork:
    """A function without arguments, by its dotted path, and the seconds between two starts."""

    path: str
    interval_seconds: float


@dataclass(slots=True)
class PeriodicRunner:
    """Runs what is due, one after the other. Workers share the intervals through the database."""

    works: Mapping[str, PeriodicWork]
    _next_try_at: dict[str, float] = field(default_factory=dict, init=False)

    def run_due(self) -> None:
        """Run each work that is due and that no other worker has started.

        Never raises for one of them: a failure is logged, and the next interval tries again.
        """
        for name, work in self.works.items():
            if self._next_try_at.get(name, 0.0) <= time.monotonic():
                self._run(name, work)
                # Several tries in each interval: the worker that did the work last may be gone.
                self._next_try_at[name] = time.monotonic() + work.interval_seconds / 4

    def _run(self, name: str, work: PeriodicWork) -> None:
        try:
            if claim_run(name, interval_seconds=work.interval_seconds):
                run: Callable[[], object] = import_string(work.path)
                run()
        except Exception:  # noqa: BLE001 -- logged; the others must run
            _log.exception("periodic_failed", work=name)
