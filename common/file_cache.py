"""A cache in files in which processes of one machine count together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache
from django.core.files import locks


class SharedFileCache(FileBasedCache):
    """Django's cache in files, with an `add` that succeeds in one process only.

    The limits of sign-ins use `add` as a lock around reading and writing a counter. Django's `add`
    looks for the key before it writes it, so two processes could hold the lock.
    """

    def __init__(self, folder: str, params: dict[str, Any]) -> None:
        super().__init__(folder, params)
        self._lock_path = Path(folder) / ".lock"

    def add(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Store the value and return True, unless the key has one."""
        # The folder can be deleted at any time, as Django's methods allow too.
        self._lock_path.parent.mkdir(parents=True, exist_ok=True)
        # Released when the file is closed, also if the process is killed.
        with self._lock_path.open("a") as file:
            locks.lock(file, locks.LOCK_EX)
            return super().add(key, value, timeout, version)
