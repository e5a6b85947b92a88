"""A cache of bytes on disk by key, with a limit on the total size.

Each key has one file: the size of the value in eight bytes, and the value. Files are written by
rename, so that processes can share the folder. The least recently used files are evicted first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import tempfile
import threading
import time
from pathlib import Path

import structlog

_log = structlog.get_logger("plugport.cache")
# The disk space of the smallest file. Empty values count with it, so that they are bounded too.
_BLOCK_BYTES = 4096
_TOUCH_INTERVAL_SECONDS = 3600
_SIZE = struct.Struct(">Q")


class DiskCache:
    """Values in a folder, up to `max_bytes` (briefly one sixteenth more per process)."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._written_since_eviction: int | None = None
        self._eviction_lock = threading.Lock()

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self._folder / name[:2] / name

    def get(self, key: str) -> bytes | None:
        """The value of the key; None if there is none or it is unreadable."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                header, value = file.read(_SIZE.size), file.read()
            # Files are not flushed to disk, so one can be truncated after a power failure.
            if header != _SIZE.pack(len(value)):
                return None
            if time.time() - path.stat().st_mtime > _TOUCH_INTERVAL_SECONDS:
                # `evict` uses the modification time as the time of the last use.
                os.utime(path)
        except OSError:
            return None
        return value

    def put(self, key: str, value: bytes) -> None:
        """Store the value. A failing disk is only logged; the next request builds the value again."""
        try:
            self._write(self._path(key), _SIZE.pack(len(value)) + value)
        except OSError as error:
            _log.warning("disk_cache_failed", folder=self._folder.name, reason=error.strerror)
        self._evict_if_due(len(value) + _BLOCK_BYTES)

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(part).replace(path)
        except OSError:
            Path(part).unlink(missing_ok=True)
            raise

    def _evict_if_due(self, written: int) -> None:
        """Evict at the first write of a process, then after each sixteenth of the size limit."""
        if not self._eviction_lock.acquire(blocking=False):
            return
        try:
            if (
                self._written_since_eviction is None
                or self._written_since_eviction + written > self._max_bytes // 16
            ):
                self._written_since_eviction = 0
                self.evict()
            else:
                self._written_since_eviction += written
        finally:
            self._eviction_lock.release()

    def evict(self) -> None:
        """Delete the least recently used files until an eighth of the limit is free."""
        files = []
        # This includes the `.part-` files of processes that were killed.
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size + _BLOCK_BYTES, path))
        excess = sum(size for _, size, _ in files) - self._max_bytes
        if excess <= 0:
            return
        excess += self._max_bytes // 8
        for _, size, path in sorted(files):
            if excess <= 0:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            excess -= size
