"""Connections to PostgreSQL that never wait without end.

A server that hangs keeps its connections open: neither TCP nor the server's own time-outs end a
wait for it, so the client has to.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Any, ClassVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg_pool.base import AttemptWithBackoff

# For a server that is slow and not hanging; each limit is longer than the one before it, so that
# the server can answer with its own error first.
_LOCK_SECONDS = 10
_CLIENT_GRACE_SECONDS = 5
_IDLE_IN_TRANSACTION_SECONDS = 60
# A request waits so long for a connection, including its checks.
CONNECTION_SECONDS = 0.9
# Of the empty query that checks a connection when it leaves the pool.
_CHECK_SECONDS = 0.4
# Of the checks that follow a failed one, so that all together take less than a second.
_NEXT_CHECK_SECONDS = 0.05
_INTERVAL_SECONDS = 0.1
# Between the attempts of the pool. Its own first delay of a second is longer than a request waits:
# after a restart of the server, a request that met two dead connections would get no third one.
# With these, it tries a dozen, as many as a web process has threads.
AttemptWithBackoff.INITIAL_DELAY = 0.05
AttemptWithBackoff.DELAY_BACKOFF = 1.1


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed with an `OperationalError` if the server does not respond."""

    # Of one statement, in this process. None until `limit_statements`: a migration may take longer.
    statement_seconds: ClassVar[int | None] = None
    _is_check = False

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> BoundedConnection:
        """Connect, and set the server's own time-outs for the session.

        Not as startup parameters, which PgBouncer refuses.
        """
        connection = super().connect(conninfo, **kwargs)
        if cls.statement_seconds is not None:
            limits = {
                "statement_timeout": cls.statement_seconds,
                "lock_timeout": _LOCK_SECONDS,
                "idle_in_transaction_session_timeout": _IDLE_IN_TRANSACTION_SECONDS,
            }
            # One round trip for each physical connection; the pool keeps it.
            calls = ", ".join(f"set_config('{n}', '{s}s', false)" for n, s in limits.items())
            connection.execute(f"SELECT {calls}")
        return connection

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Execute a query. The empty one is the pool's check, which has a shorter limit."""
        self._is_check = query == ""
        try:
            result = super().execute(query, *args, **kwargs)
        finally:
            self._is_check = False
        if query == "":
            _failed_check.at = -math.inf
        return result

    def wait(
        self, gen: PQGen[Any], interval: float = _INTERVAL_SECONDS, timeout: float | None = None
    ) -> Any:
        """Wait for the server. Closes the connection at the limit: its state is unknown then."""
        limit = timeout
        if self._is_check:
            limit = _get_check_seconds()
        elif limit is None and self.statement_seconds is not None:
            limit = self.statement_seconds + _CLIENT_GRACE_SECONDS
        try:
            return super().wait(gen, interval, limit)
        except errors._WaitTimeout:  # noqa: SLF001 -- the documented error of the public `wait`
            if self._is_check:
                _failed_check.at = time.monotonic()
            self.pgconn.finish()
            raise psycopg.OperationalError(
                f"the server did not respond within {limit} seconds"
            ) from None


# The time of the last failed check of this thread, whose request may still wait for a connection.
_failed_check = threading.local()


def _get_check_seconds() -> float:
    failed_at: float = getattr(_failed_check, "at", -math.inf)
    is_next = time.monotonic() - failed_at < CONNECTION_SECONDS
    return _NEXT_CHECK_SECONDS if is_next else _CHECK_SECONDS


def limit_statements(seconds: int) -> None:
    """Limit the statements of this process, for connections that it opens from now on."""
    BoundedConnection.statement_seconds = seconds


# libpq's own options: a host that is gone without a word is noticed in half a minute.
KEEPALIVE_OPTIONS = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
