"""A cache in Redis whose locks survive a server that hangs."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache


class ProbingRedisCache(RedisCache):
    """Django's cache in Redis, with an `add` that a server which hangs never receives.

    The limits of sign-ins use `add` as a lock. A server that was stopped executes the commands that
    it finds in its buffers when it continues, long after their senders gave up: each would leave a
    lock that nobody holds, and for ten seconds nobody could sign in. A read does no harm there.
    """

    def add(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Store the value and return True, unless the key has one. Raises the errors of the client."""
        if self.has_key(key, version):
            return False
        return super().add(key, value, timeout, version)
