"""Django's cache interface for counters that are not evicted, for the limits of django-allauth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from common.counters.table import get_counter_table

# For a value that has no end.
_FOREVER = float("inf")


class CounterCache(BaseCache):
    """A cache of JSON values in a `CounterTable`, without a limit on their number.

    `add` succeeds in one process only: the limits use it as a lock around a counter. All methods
    raise `CounterTableError`.
    """

    def __init__(self, path: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._table = get_counter_table(Path(path))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or `default`."""
        found = self._table.find(self.make_and_validate_key(key, version=version))
        return default if found is None else json.loads(found[0])

    def set(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        """Store the value."""
        name = self.make_and_validate_key(key, version=version)
        self._table.set(name, json.dumps(value), self._get_end(timeout))

    def add(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Store the value and return True, unless the key has one."""
        name = self.make_and_validate_key(key, version=version)
        return self._table.add(name, json.dumps(value), self._get_end(timeout))

    def touch(
        self, key: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Give the value another end, and return whether there is one."""
        name = self.make_and_validate_key(key, version=version)
        found = self._table.find(name)
        if found is not None:
            self._table.set(name, found[0], self._get_end(timeout))
        return found is not None

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Delete the value, and return whether there was one."""
        return self._table.delete(self.make_and_validate_key(key, version=version))

    def clear(self) -> None:
        """Delete all values."""
        self._table.clear()

    def _get_end(self, timeout: float | None) -> float:
        ends_at = self.get_backend_timeout(timeout)
        return _FOREVER if ends_at is None else ends_at
