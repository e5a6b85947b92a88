"""Errors for a database or cache that does not respond.

The caller can only retry, so each of these errors says when. Redis errors are recognized by the
module of their class: importing the client takes half a second, and a registry without Redis does
not need it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError

from common.counters.table import CounterTableError
from common.disk_errors import build_disk_error
from common.http.problems import RETRY_SECONDS
from config.errors import CacheUnavailableError, DatabaseUnavailableError
from plugport.spec.errors import PlugportError

_log = structlog.get_logger("plugport.error")
_HINT = "No partial changes were saved. Try again in a few seconds."


def find_outage(error: BaseException) -> PlugportError | None:
    """The error to report if the exception means an outage, which is logged; otherwise None.

    Deadlocks and lock timeouts count as outages: the next attempt may succeed. The detail never
    includes the driver's message, which may name internal hosts (CWE-209).
    """
    for cause in _iter_causes(error):
        if isinstance(cause, DatabaseError) and _is_disk_full(cause):
            _log.error("database_full")
            return build_disk_error("the disk of the database", OSError(errno.ENOSPC, ""))
        if isinstance(cause, (OperationalError, InterfaceError)) and not _is_schema_error(cause):
            _log.error("database_unavailable", exc_info=error)
            return DatabaseUnavailableError(
                "The database does not respond.",
                hint=_HINT,
                context={"retryAfterSeconds": RETRY_SECONDS},
            )
        if isinstance(cause, CounterTableError) or type(cause).__module__ == "redis.exceptions":
            _log.error("cache_unavailable", exc_info=error)
            return CacheUnavailableError(
                "The rate limit for this request cannot be checked.",
                hint=_HINT,
                context={"retryAfterSeconds": RETRY_SECONDS},
            )
    return None


def _iter_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and the exceptions it was raised from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _is_disk_full(error: Exception) -> bool:
    """Whether the database has no space left: `SQLITE_FULL`, or `disk_full` of PostgreSQL."""
    return str(error) == "database or disk is full" or (
        getattr(error.__cause__, "sqlstate", None) == "53100"
    )


def _is_schema_error(error: Exception) -> bool:
    """Whether a table or column is missing.

    SQLite reports that as an `OperationalError`, but a retry cannot succeed: it is a bug.
    """
    return str(error).startswith("no such ")
