"""The interface of a package store. Implementations run `tests/contract/object_store.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in a listing."""

    key: str
    size_bytes: int
    modified_at: dt.datetime


class ObjectStore(Protocol):
    """Complete objects by key. An object that is still being written has no key.

    Every method raises `registry.errors.StorageError` when the storage is unavailable, and
    `FileNotFoundError` for a key that does not exist.
    """

    def put_file(self, key: str, path: Path) -> None:
        """Store the file's bytes completely or not at all; durable once this returns.

        The file remains, but must not be modified afterwards: the store may share its bytes.
        """

    def fetch(self, key: str, path: Path) -> None:
        """Write the object's bytes to a new file at `path`, which must not be modified."""

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to but not including `stop`, in chunks.

        Errors are raised by the call itself, not by the first chunk. Close the iterator to end
        the transfer early.
        """

    def find_path(self, key: str) -> Path | None:
        """The absolute path of the object's file, or None if objects of this store are no files."""

    def find_signed_url(
        self,
        key: str,
        *,
        seconds: int,
        is_for_clients: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> str | None:
        """A URL at which anyone can GET the object for `seconds`, or None if this store has no URLs.

        Sends no request, so the object may not exist. `is_for_clients` uses the address of the
        storage at which clients reach it. `headers` are Content-Type, Content-Disposition and
        Cache-Control of the response.
        """

    def promote(self, source: str, target: str) -> None:
        """Copy or link `source` to `target`; `source` remains. Idempotent."""

    def delete(self, key: str) -> None:
        """Delete the object, if it exists."""

    def iter_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key starts with `prefix`."""

    def discard_unfinished(self, before: dt.datetime) -> int:
        """Remove the remains of writes that began before that time and never finished.

        Returns how many there were. Complete objects are not affected.
        """

    def ping(self) -> None:
        """Return if the storage is available."""
