"""What a package store can do. Each implementation runs `tests/contract/object_store.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it."""

    key: str
    size_bytes: int
    modified_at: dt.datetime


class ObjectStore(Protocol):
    """Whole objects by key. What is not whole yet has no key and is in no listing.

    Every method raises `registry.errors.StorageError` when the storage does not answer, and
    `FileNotFoundError` for a key that is not there.
    """

    def put_file(self, key: str, path: Path) -> None:
        """Store the file's bytes, whole or not at all, and durably once this returns.

        The file stays, but must not be written to any more: the store may share its bytes.
        """

    def fetch(self, key: str, path: Path) -> None:
        """Write the object's bytes to a new file at `path`. The object stays as it is."""

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to but not including `stop`, in chunks."""

    def promote(self, source: str, target: str) -> None:
        """Make the bytes of `source` readable as `target`; `source` stays. Idempotent."""

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is no error."""

    def get_size(self, key: str) -> int:
        """The object's size in bytes."""

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key starts with `prefix`."""

    def discard_unfinished(self, before: dt.datetime) -> int:
        """Remove what is left of writes that began before that time and never ended.

        Returns how many there were. Objects are whole and not touched.
        """

    def ping(self) -> None:
        """Return if the storage answers."""
