"""A cache of images on disk by URL, with a limit on the total size.

Each URL has one file: a line of JSON with metadata, followed by the content. Files are written by
rename, so that processes can share the folder. The least recently used files are evicted first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

_log = structlog.get_logger("plugport.images")
# The disk space of the smallest file. Cached failures count with it, so that they are bounded too.
_BLOCK_BYTES = 4096
_TOUCH_INTERVAL_SECONDS = 3600
_MAX_HEADER_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A cached image, or a cached `failure`. Times are Unix timestamps in seconds."""

    media_type: str
    body: bytes
    fetched_at: float
    good_until: float
    failure: str = ""

    @property
    def etag(self) -> str:
        """The strong ETag of the content."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


class DiskCache:
    """Cached entries in a folder, up to `max_bytes` (briefly one sixteenth more per process)."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._written_since_eviction: int | None = None
        self._eviction_lock = threading.Lock()

    def _path(self, url: str) -> Path:
        key = hashlib.sha256(url.encode()).hexdigest()
        return self._folder / key[:2] / key

    def get(self, url: str) -> Entry | None:
        """The entry for the URL, even if it is expired; None if there is none or it is unreadable."""
        path = self._path(url)
        try:
            with path.open("rb") as file:
                header = json.loads(file.readline(_MAX_HEADER_BYTES))
                body = file.read()
            # Files are not flushed to disk, so one can be truncated after a power failure.
            if header.pop("size") != len(body):
                return None
            entry = Entry(body=body, **header)
            if time.time() - path.stat().st_mtime > _TOUCH_INTERVAL_SECONDS:
                # `evict` uses the modification time as the time of the last use.
                os.utime(path)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return entry

    def put(self, url: str, entry: Entry) -> None:
        """Store the entry. A failing disk is only logged; the next request fetches the image again."""
        header = {
            "media_type": entry.media_type,
            "fetched_at": entry.fetched_at,
            "good_until": entry.good_until,
            "failure": entry.failure,
            "size": len(entry.body),
        }
        try:
            self._write(self._path(url), json.dumps(header).encode() + b"\n" + entry.body)
        except OSError as error:
            _log.warning("image_cache_failed", reason=error.strerror)
        self._evict_if_due(len(entry.body) + _BLOCK_BYTES)

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
