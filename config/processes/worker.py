"""One worker process: its limits, its sign of life, and the thread for periodic work.

A worker runs one job at a time in its main thread (`--pool=solo`), because only there signals can
stop a check. It shares no lock with any other process. Run several workers to run several jobs at
once; `config.processes.supervisor` replaces those that end.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from pathlib import Path
from typing import Any

import structlog
from celery import bootsteps, signals
from celery.concurrency import solo
from celery.platforms import EX_FAILURE, EX_OK
from celery.worker import state
from django.conf import settings

from accounts.audit.checkpoints import CHECKPOINT_SECONDS
from accounts.audit.forwarding import forwarding
from accounts.audit.origin import name_process
from accounts.audit.sealer import sealer
from common.background import BackgroundThread
from config.preload import preload_worker
from config.processes.memory import limit_memory, measure_peak_kb
from config.processes.stuck import StuckCheck
from config.queues import folder_queue
from config.startup import WORKER_STATEMENT_SECONDS, limit_database_statements
from marketplace.readme import prerendering
from marketplace.search import index_follower
from registry.jobs.last_runs import WORK, record_run
from registry.jobs.notify import count_accepted, wake_worker
from registry.jobs.periodic import PeriodicRunner, PeriodicWork
from registry.jobs.queue import shorten_dead_leases

# The descriptor, because Celery replaces `sys.stderr`.
_STDERR = 2
_log = structlog.get_logger("plugport.worker")
_BEAT_SECONDS = 10.0
# The jobs of a killed worker are free after two seconds or more.
_RETRY_SECONDS = 2.1
_PERIODIC_TICK_SECONDS = 1.0
# Clients wait for web processes. With the same priority, a check slows down each upload that arrives meanwhile.
_NICENESS = 5


class WorkerSetup(bootsteps.StartStopStep):
    """Sets up the process before it takes the first message."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        if not issubclass(worker.pool_cls, solo.TaskPool):
            pool = worker.pool_cls.__module__.rpartition(".")[2]
            sys.exit(
                f"The pool `{pool}` cannot stop checks at their time limit. Use --pool=solo, and"
                " run several workers instead of several pool processes."
            )
        name_process("worker")
        runner = build_periodic_runner()
        preload_worker(work.path for work in runner.works.values())
        self._limit_seconds: float = worker.app.conf.task_time_limit
        self._max_kb: int = worker.app.conf.worker_max_memory_per_child
        self._is_busy = False
        self._taken = 0
        self._stuck_check = StuckCheck()
        beat_seconds = min(_BEAT_SECONDS, settings.SWEEP_SECONDS)
        self._threads = [
            BackgroundThread(
                "beat",
                self._beat,
                error_event="beat_failed",
                interval_seconds=beat_seconds,
                runs_at_start=True,
            ),
            # Not in the thread of the beats, which may wait for the database.
            BackgroundThread(
                "watch", self._watch, error_event="watch_failed", interval_seconds=beat_seconds
            ),
            BackgroundThread(
                "periodic",
                runner.run_due,
                error_event="periodic_failed",
                interval_seconds=_PERIODIC_TICK_SECONDS,
                runs_at_start=True,
            ),
        ]

    def start(self, worker: Any) -> None:
        """Limit the memory and the priority, watch the tasks, and start the threads."""
        if folder := settings.CELERY["broker_transport_options"].get("folder"):
            folder_queue.delete_leftovers(Path(folder))
        limit_memory(settings.WORKER_MEMORY_MB * 1_000_000)
        os.nice(_NICENESS)
        # Longer than in web processes: the periodic work summarizes tables.
        limit_database_statements(seconds=WORKER_STATEMENT_SECONDS)
        signals.task_prerun.connect(self._before_task)
        signals.task_postrun.connect(self._after_task)
        for thread in self._threads:
            thread.start()
        sealer.start()
        if settings.AUDIT_SYSLOG_URL:
            forwarding.start()
        index_follower.start()
        prerendering.start()

    def stop(self, worker: Any) -> None:
        """Let the threads end, but do not wait for a service that does not respond."""
        for thread in (*self._threads, sealer, forwarding):
            thread.stop(timeout_seconds=0.5)

    def _before_task(self, **_kwargs: object) -> None:
        self._is_busy = True
        self._taken += 1
        # A thread in C: it ends the process even if the task keeps the interpreter's lock.
        faulthandler.dump_traceback_later(self._limit_seconds, exit=True, file=_STDERR)

    def _after_task(self, **_kwargs: object) -> None:
        faulthandler.cancel_dump_traceback_later()
        self._is_busy = False
        peak_kb = measure_peak_kb()
        if peak_kb > self._max_kb and state.should_stop is None:
            _log.warning("worker_replaced", peak_kb=peak_kb, max_kb=self._max_kb)
            # The type stubs of Celery declare the flag as None.
            state.should_stop = EX_OK  # type: ignore[assignment]

    def _beat(self) -> float | None:
        """Record that this worker is busy within its time limit, or send a message to the queue.

        Returns a shorter pause if it found jobs of a killed worker. The message proves what a
        thread alone cannot: that the queue works and that a main thread takes messages. It also
        finds jobs whose message was lost.
        """
        has_shortened = shorten_dead_leases() > 0
        if self._is_busy:
            record_run(WORK)
        else:
            wake_worker()
        return _RETRY_SECONDS if has_shortened else None

    def _watch(self) -> None:
        """End the process, with a traceback of each thread, if it takes no messages any longer.

        At once, because a main thread that is stuck cannot stop the worker.
        """
        if self._stuck_check.is_stuck(
            is_busy=self._is_busy, taken=self._taken, sent=count_accepted()
        ):
            _log.error("worker_stuck", taken=self._taken)
            faulthandler.dump_traceback(file=_STDERR)
            os._exit(EX_FAILURE)


def build_periodic_runner() -> PeriodicRunner:
    """The periodic work of all apps."""
    sweep = float(settings.SWEEP_SECONDS)
    return PeriodicRunner(
        {
            **_list_account_work(),
            "registry.sweep_storage": PeriodicWork(
                "registry.publishing.sweep.sweep_storage", sweep
            ),
            "registry.sweep_unfinished": PeriodicWork(
                "registry.publishing.sweep.sweep_unfinished", 3600.0
            ),
            "registry.delete_ended_invitations": PeriodicWork(
                "registry.publishing.sweep.delete_ended_invitations", 86400.0
            ),
            "registry.expire_staged": PeriodicWork(
                "registry.actions.decide_staged.expire_staged", 3600.0
            ),
            "registry.run_transfers": PeriodicWork(
                "registry.actions.transfers.effect.run_due_transfers", 60.0
            ),
            "registry.send_transfer_mails": PeriodicWork(
                "registry.actions.transfers.mails.send_transfer_mails", 10.0
            ),
            "registry.run_claim_clocks": PeriodicWork(
                "registry.actions.transfers.claims.clock.run_claim_clocks", 3600.0
            ),
            "registry.send_claim_mails": PeriodicWork(
                "registry.actions.transfers.claims.mails.send_claim_mails", 10.0
            ),
            "registry.send_decision_mails": PeriodicWork(
                "registry.publishing.decision_mails.send_decision_mails", 10.0
            ),
            "registry.roll_up_downloads": PeriodicWork(
                "registry.downloads.counts.update_weekly_downloads", 300.0
            ),
            "registry.delete_receipts": PeriodicWork(
                "registry.downloads.receipts.delete_old_receipts", 300.0
            ),
            "registry.add_up_changes": PeriodicWork(
                "registry.change_counter.add_up_changes", 300.0
            ),
            "marketplace.forget_searches": PeriodicWork(
                "marketplace.search.query_log.delete_old_terms", 86400.0
            ),
        }
    )


def _list_account_work() -> dict[str, PeriodicWork]:
    return {
        "accounts.sign_checkpoint": PeriodicWork(
            "accounts.audit.checkpoints.sign_checkpoint", CHECKPOINT_SECONDS
        ),
        "accounts.delete_expired_device_logins": PeriodicWork(
            "accounts.actions.device_login.delete_expired_device_logins", 3600.0
        ),
        "accounts.send_expiry_mails": PeriodicWork(
            "accounts.actions.tokens.send_expiry_mails.send_expiry_mails", 3600.0
        ),
        "accounts.recheck_domains": PeriodicWork(
            "accounts.actions.domains.recheck_domains.recheck_domains", 900.0
        ),
        "accounts.check_mail_domains": PeriodicWork(
            "accounts.actions.email.lapse_addresses.check_mail_domains", 3600.0
        ),
        "accounts.delete_used_assertions": PeriodicWork(
            "accounts.trusted_publishing.used.delete_expired_uses", 3600.0
        ),
        "accounts.delete_expired_sessions": PeriodicWork(
            "accounts.security.sessions.delete_expired_sessions", 3600.0
        ),
        "accounts.delete_minted_tokens": PeriodicWork(
            "accounts.actions.tokens.mint_token.delete_expired_tokens", 3600.0
        ),
    }
