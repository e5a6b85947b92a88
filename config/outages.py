"""A database or cache that does not answer, as the error that people and programs are told.

Both are mended by time and not by the caller, so all of these say when to come back. The cache is
told by where its errors come from: importing its client takes half a second, and a registry
without Redis never needs it.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from django.db import InterfaceError, OperationalError

from plugport.spec.errors import PlugportError, UnavailableError

_log = structlog.get_logger("plugport.error")
RETRY_SECONDS = 10
_HINT = "Nothing of yours was changed halfway. Try again in some seconds."


class DatabaseUnavailableError(UnavailableError):
    """The database does not answer, or another change held it for too long."""

    code, title = "database-unavailable", "Database not available"


class CacheUnavailableError(UnavailableError):
    """The cache that counts attempts does not answer."""

    code, title = "cache-unavailable", "Cache not available"


class MaintenanceError(UnavailableError):
    """The operator has closed the registry for a while."""

    code, title = "maintenance", "Closed for maintenance"


def find_outage(error: BaseException) -> PlugportError | None:
    """What to tell about an error that means an outage, which is logged; None for any other.

    A deadlock and a lock that was not given in time count too: the next attempt may succeed.
    """
    for each in _walk(error):
        if isinstance(each, (OperationalError, InterfaceError)) and not _is_of_schema(each):
            _log.error("database_unavailable", exc_info=error)
            return DatabaseUnavailableError(
                "The database does not answer.",
                hint=_HINT,
                context={"retryAfterSeconds": RETRY_SECONDS},
            )
        if type(each).__module__ == "redis.exceptions":
            _log.error("cache_unavailable", exc_info=error)
            return CacheUnavailableError(
                "Attempts are counted here, and what counts them does not answer.",
                hint=_HINT,
                context={"retryAfterSeconds": RETRY_SECONDS},
            )
    return None


def _walk(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__


def _is_of_schema(error: Exception) -> bool:
    """SQLite calls a missing table or column an operational error; time does not mend those."""
    return str(error).startswith("no such ")
