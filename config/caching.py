"""The cache on Redis, as something that may be away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

_log = structlog.get_logger("plugport.cache")


class OptionalRedisCache(RedisCache):
    """Django's Redis cache; while Redis does not answer nothing is found and nothing is kept.

    What is cached can be made again, so a page is slower then and not broken.
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or `default`."""
        try:
            return super().get(key, default, version)
        except RedisError as error:
            return self._miss(error, default)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """Those of the values that there are."""
        try:
            return dict(super().get_many(keys, version))
        except RedisError as error:
            return dict(self._miss(error, {}))

    def set(
        self,
        key: Any,
        value: Any,
        timeout: float | Any | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        """Keep the value if possible."""
        try:
            super().set(key, value, timeout, version)
        except RedisError as error:
            self._miss(error, None)

    def set_many(
        self,
        data: Mapping[Any, Any],
        timeout: float | Any | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> list[Any]:
        """Keep the values if possible; returns the keys of those that are not kept."""
        try:
            return list(super().set_many(data, timeout, version))
        except RedisError as error:
            return list(self._miss(error, list(data)))

    def _miss(self, error: RedisError, answer: Any) -> Any:
        _log.warning("cache_unavailable", error=type(error).__name__)
        return answer
