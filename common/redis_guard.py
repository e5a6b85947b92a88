"""Connections to Redis that stop waiting for a server that hangs.

The first call that waits in vain costs `TIMEOUT_SECONDS`. After that, all calls of the process fail
at once for a few seconds.
"""

from __future__ import annotations

from typing import Any, Self

from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool, SSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from common.suspension import PAUSE_SECONDS, Suspension

TIMEOUT_SECONDS = 0.8
_suspension = Suspension(seconds=PAUSE_SECONDS, trial_seconds=TIMEOUT_SECONDS)


def _check() -> None:
    if not _suspension.allows_call():
        raise RedisConnectionError("Redis did not respond a moment ago.")


class _Guarded:
    """The methods of a connection that wait for the server."""

    def connect_check_health(self, *args: Any, **kwargs: Any) -> None:
        _check()
        try:
            super().connect_check_health(*args, **kwargs)  # type: ignore[misc] # of the other base
        except RedisTimeoutError:
            _suspension.start()
            raise

    def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        _check()
        super().send_packed_command(*args, **kwargs)  # type: ignore[misc] # of the other base

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            response = super().read_response(*args, **kwargs)  # type: ignore[misc] # of the other base
        except RedisTimeoutError:
            _suspension.start()
            raise
        _suspension.end()
        return response


class GuardedConnection(_Guarded, Connection):
    """For `redis://`."""


class GuardedSSLConnection(_Guarded, SSLConnection):
    """For `rediss://`."""


class GuardedPool(ConnectionPool):
    """A pool of guarded connections, for Django's cache."""

    @classmethod
    def from_url(cls, url: str, **kwargs: Any) -> Self:
        """Return the pool for the URL, with the options of the guard."""
        return super().from_url(url, **{**kwargs, **build_connection_options(url)})


def build_connection_options(url: str) -> dict[str, Any]:
    """Options for `redis.from_url`: bounded waits, and no attempts that add up."""
    is_encrypted = url.startswith("rediss:")
    return {
        "connection_class": GuardedSSLConnection if is_encrypted else GuardedConnection,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "socket_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
