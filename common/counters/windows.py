"""Counters for time windows in a mapped file, shared by all processes of one machine.

A database would need a durable write for each request. Here, counting costs a few microseconds: a
lock on 256 bytes of the file and a write to memory. The kernel releases the lock however a process
ends, and at worst one count is lost.

The table has a fixed size. A key has eight slots in which it can be stored. When all of them are
used, the one with the lowest count is replaced, so that many keys with few calls cannot displace
the key with many. Which slots a key has is secret: otherwise a client with many addresses, such as
an IPv6 network, could select eight that share the slots of another key.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import mmap
import os
import secrets
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# Digest of the key, end of the window in seconds since the epoch, number of calls.
_SLOT = struct.Struct("<16sdQ")
_SLOTS_PER_BUCKET = 8
_BUCKET_BYTES = _SLOTS_PER_BUCKET * _SLOT.size
_EMPTY = bytes(16)
# The file starts with the key of the hash, which selects the slots, and the table follows.
_SECRET_BYTES = 32


class SharedWindows:
    """The table in one file. Methods raise `OSError` if the file cannot be created or opened.

    The file is created at the first use, complete or not at all. A process must have one instance
    for each file (`get_windows`): closing a second descriptor would release the locks of the first.
    """

    def __init__(self, path: Path, *, buckets: int = 16_384) -> None:
        self._path = path
        self._buckets = buckets
        self._size = _SECRET_BYTES + buckets * _BUCKET_BYTES
        # Locks on a file belong to a process and do not exclude its other threads.
        self._lock = threading.Lock()
        self._table: mmap.mmap | None = None
        self._secret = b""
        self._handle = -1

    def add(self, key: str, window_seconds: float, amount: int = 1) -> int:
        """Add calls and return their number. A window starts with its first call."""
        now = time.time()
        with self._open_bucket(key) as (table, offset, digest):
            position, ends_at, count = _find_slot(table, offset, digest, now)
            if ends_at <= now:
                ends_at, count = now + window_seconds, 0
            _SLOT.pack_into(table, position, digest, ends_at, count + amount)
        return count + amount

    def get(self, key: str) -> tuple[int, float]:
        """The number of calls in the window and its end; 0 and now if there is none."""
        now = time.time()
        table = self._table
        if table is None:
            with self._lock:
                table = self._open()
        # Without the lock: the worst that a write at the same time can cause is a count of 0.
        digest, offset = self._locate(key)
        _, ends_at, count = _find_slot(table, offset, digest, now)
        return (count, ends_at) if ends_at > now else (0, now)

    def delete(self, key: str) -> None:
        """Forget the window of one key."""
        with self._open_bucket(key) as (table, offset, digest):
            position, ends_at, _ = _find_slot(table, offset, digest, time.time())
            if ends_at:
                _SLOT.pack_into(table, position, _EMPTY, 0.0, 0)

    def clear(self) -> None:
        """Forget all windows."""
        with self._lock:
            table = self._open()
            with self._lock_range(_SECRET_BYTES, self._size - _SECRET_BYTES):
                table[_SECRET_BYTES:] = bytes(self._size - _SECRET_BYTES)

    @contextlib.contextmanager
    def _open_bucket(self, key: str) -> Iterator[tuple[mmap.mmap, int, bytes]]:
        with self._lock:
            table = self._open()
            digest, offset = self._locate(key)
            with self._lock_range(offset, _BUCKET_BYTES):
                yield table, offset, digest

    def _locate(self, key: str) -> tuple[bytes, int]:
        """The digest of the key, and the position of its bucket. The file must be open."""
        digest = hashlib.blake2b(key.encode(), digest_size=16, key=self._secret).digest()
        bucket = int.from_bytes(digest[:8]) % self._buckets
        return digest, _SECRET_BYTES + bucket * _BUCKET_BYTES

    @contextlib.contextmanager
    def _lock_range(self, offset: int, size: int) -> Iterator[None]:
        fcntl.lockf(self._handle, fcntl.LOCK_EX, size, offset)
        try:
            yield
        finally:
            fcntl.lockf(self._handle, fcntl.LOCK_UN, size, offset)

    def _open(self) -> mmap.mmap:
        if self._table is None:
            handle = self._open_file()
            try:
                table = mmap.mmap(handle, self._size)
            except OSError:
                os.close(handle)
                raise
            self._handle, self._secret = handle, table[:_SECRET_BYTES]
            # Last: `get` reads without the lock once there is a table.
            self._table = table
        return self._table

    def _open_file(self) -> int:
        for _ in range(2):
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
                if os.fstat(handle).st_size == self._size:
                    return handle
                # Of a version with another size.
                os.close(handle)
                self._path.unlink(missing_ok=True)
            self._create_file()
        raise OSError(f"{self._path} was replaced while it was opened")

    def _create_file(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}-")
        try:
            # Allocated now: if the disk is full at a later write to the mapping, the kernel ends the
            # process (SIGBUS).
            os.posix_fallocate(handle, 0, self._size)
            os.pwrite(handle, secrets.token_bytes(_SECRET_BYTES), 0)
            # Of several processes that start at once, one link succeeds.
            with contextlib.suppress(FileExistsError):
                os.link(part, self._path)
        finally:
            os.close(handle)
            Path(part).unlink()


_instances: dict[Path, SharedWindows] = {}
_instances_lock = threading.Lock()


def get_windows(path: Path) -> SharedWindows:
    """The instance of this process for the file."""
    with _instances_lock:
        return _instances.setdefault(path, SharedWindows(path))


def _find_slot(table: mmap.mmap, offset: int, digest: bytes, now: float) -> tuple[int, float, int]:
    """The position, end and count of the key's slot; end and count are 0 for a slot to take."""
    best, lowest = offset, float("inf")
    for number, (owner, ends_at, count) in enumerate(
        _SLOT.iter_unpack(table[offset : offset + _BUCKET_BYTES])
    ):
        position = offset + number * _SLOT.size
        if owner == digest:
            return position, ends_at, count
        weight = count if ends_at > now else -1
        if weight < lowest:
            best, lowest = position, weight
    return best, 0.0, 0
