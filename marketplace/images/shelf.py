"""Pictures on disk, by the address they came from, within a size.

One file an address: a line of JSON that says what it is, and then the bytes. Files appear by
rename, so several processes may share the folder; what is used longest ago goes first.
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
# What the smallest file takes of a disk: failures are kept, too, and must not be for free.
_BLOCK_BYTES = 4096
_USED_AGAIN_SECONDS = 3600
_MAX_HEADER = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture, or, with a `failure`, that there is none. Times are seconds since 1970."""

    media_type: str
    body: bytes
    fetched_at: float
    good_until: float
    failure: str = ""

    @property
    def etag(self) -> str:
        """The strong validator of these bytes."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


class Shelf:
    """Entries below one folder, of `max_bytes` together (a sixteenth more a process for moments)."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._unswept: int | None = None
        self._sweeping = threading.Lock()

    def _path(self, url: str) -> Path:
        key = hashlib.sha256(url.encode()).hexdigest()
        return self._folder / key[:2] / key

    def get(self, url: str) -> Entry | None:
        """What is kept for the address, good or not. A file that cannot be read is none."""
        path = self._path(url)
        try:
            with path.open("rb") as file:
                header = json.loads(file.readline(_MAX_HEADER))
                body = file.read()
            if header.pop("size") != len(body):
                return None
            entry = Entry(body=body, **header)
            if time.time() - path.stat().st_mtime > _USED_AGAIN_SECONDS:
                os.utime(path)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return entry

    def put(self, url: str, entry: Entry) -> None:
        """Keep it. A disk that is full or away costs the next reader a fetch, and no error."""
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
            _log.warning("shelf_failed", reason=error.strerror)
        self._sweep_sometimes(len(entry.body) + _BLOCK_BYTES)

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

    def _sweep_sometimes(self, written: int) -> None:
        """At a process's first write, and then after each sixteenth of what there may be."""
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            if self._unswept is None or self._unswept + written > self._max_bytes // 16:
                self._unswept = 0
                self.sweep()
            else:
                self._unswept += written
        finally:
            self._sweeping.release()

    def sweep(self) -> None:
        """Remove what was used longest ago until an eighth of the room is free."""
        files = []
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                found = path.stat()
                files.append((found.st_mtime, found.st_size + _BLOCK_BYTES, path))
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
