"""The contract of package stores (`registry.storage.base.ObjectStore`).

A test module of an implementation subclasses `ObjectStoreContract` and gives the fixtures
`store`, a new empty store, and `broken_store`, one whose storage does not respond.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from common.http.errors import StorageError
from registry.storage.base import ObjectStore

MIB = 1 << 20
# Larger than what any store sends or copies in one piece.
LARGE_BYTES = 20 * MIB + 12_345


def read(store: ObjectStore, key: str, start: int, stop: int) -> bytes:
    return b"".join(store.open_range(key, start, stop))


def measure(store: ObjectStore, key: str) -> int:
    """The size of the one object of that key, as a listing shows it."""
    (size,) = (item.size_bytes for item in store.iter_objects("") if item.key == key)
    return size


class ObjectStoreContract:
    """The tests; every one of them runs on every store."""

    @pytest.fixture
    def small(self, tmp_path: Path) -> Path:
        """A file of ten bytes."""
        path = tmp_path / "small"
        path.write_bytes(b"0123456789")
        return path

    @pytest.fixture
    def large(self, tmp_path: Path) -> Path:
        """A file in several parts, no two of them alike."""
        path = tmp_path / "large"
        path.write_bytes(os.urandom(LARGE_BYTES))
        return path

    def test_a_stored_file_can_be_read_completely(
        self, store: ObjectStore, small: Path, tmp_path: Path
    ) -> None:
        store.put_file("quarantine/a", small)
        assert measure(store, "quarantine/a") == 10
        store.fetch("quarantine/a", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == small.read_bytes()
        assert small.exists()

    def test_a_fetched_file_outlives_the_object(
        self, store: ObjectStore, small: Path, tmp_path: Path
    ) -> None:
        store.put_file("quarantine/a", small)
        store.fetch("quarantine/a", tmp_path / "copy")
        store.delete("quarantine/a")
        small.unlink()
        assert (tmp_path / "copy").read_bytes() == b"0123456789"

    def test_an_empty_file_is_an_object(self, store: ObjectStore, tmp_path: Path) -> None:
        (tmp_path / "empty").touch()
        store.put_file("quarantine/a", tmp_path / "empty")
        assert measure(store, "quarantine/a") == 0
        assert read(store, "quarantine/a", 0, 0) == b""

    @pytest.mark.parametrize(
        ("start", "stop"), [(0, 10), (0, 1), (9, 10), (3, 7), (5, 5), (0, 99), (4, 99)]
    )
    def test_a_range_is_those_bytes(
        self, store: ObjectStore, small: Path, start: int, stop: int
    ) -> None:
        store.put_file("quarantine/a", small)
        assert read(store, "quarantine/a", start, stop) == b"0123456789"[start:stop]

    def test_a_partly_read_range_can_be_closed(self, store: ObjectStore, large: Path) -> None:
        store.put_file("quarantine/a", large)
        chunks = store.open_range("quarantine/a", 0, LARGE_BYTES)
        first = next(chunks)
        assert large.read_bytes().startswith(first)
        assert 0 < len(first) <= MIB
        chunks.close()  # type: ignore[attr-defined]  # every store's iterator is a generator

    def test_a_large_file_is_stored_read_and_promoted_whole(
        self, store: ObjectStore, large: Path, tmp_path: Path
    ) -> None:
        content = large.read_bytes()
        store.put_file("quarantine/a", large)
        store.promote("quarantine/a", "packages/aa/a")
        assert measure(store, "packages/aa/a") == LARGE_BYTES
        store.fetch("packages/aa/a", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == content
        start = 8 * MIB - 5
        assert read(store, "packages/aa/a", start, start + 10) == content[start : start + 10]

    def test_promotion_keeps_the_source_and_can_be_repeated(
        self, store: ObjectStore, small: Path
    ) -> None:
        store.put_file("quarantine/a", small)
        for _ in range(2):
            store.promote("quarantine/a", "packages/aa/a")
        assert {o.key for o in store.iter_objects("")} == {"quarantine/a", "packages/aa/a"}
        store.delete("quarantine/a")
        assert read(store, "packages/aa/a", 0, 10) == b"0123456789"

    def test_a_put_again_replaces_the_object(
        self, store: ObjectStore, small: Path, tmp_path: Path
    ) -> None:
        store.put_file("quarantine/a", small)
        (tmp_path / "other").write_bytes(b"abc")
        store.put_file("quarantine/a", tmp_path / "other")
        assert read(store, "quarantine/a", 0, 10) == b"abc"

    def test_deleting_twice_is_no_error(self, store: ObjectStore, small: Path) -> None:
        store.put_file("quarantine/a", small)
        for _ in range(2):
            store.delete("quarantine/a")
        assert list(store.iter_objects("")) == []

    def test_a_missing_key_raises(self, store: ObjectStore, tmp_path: Path) -> None:
        calls: list[Callable[[], object]] = [
            lambda: store.fetch("packages/aa/none", tmp_path / "copy"),
            lambda: store.open_range("packages/aa/none", 0, 10),
            lambda: store.promote("quarantine/none", "packages/aa/a"),
        ]
        for call in calls:
            with pytest.raises(FileNotFoundError):
                call()
        assert not (tmp_path / "copy").exists()
        assert list(store.iter_objects("")) == []

    def test_a_listing_has_key_size_and_time(self, store: ObjectStore, small: Path) -> None:
        before = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
        for key in ("quarantine/b", "quarantine/a", "packages/aa/bb/c"):
            store.put_file(key, small)
        listed = {o.key: o for o in store.iter_objects("quarantine/")}
        assert set(listed) == {"quarantine/a", "quarantine/b"}
        assert listed["quarantine/a"].size_bytes == 10
        assert before < listed["quarantine/a"].modified_at
        assert listed["quarantine/a"].modified_at.tzinfo is not None

    def test_a_listing_of_nothing_is_empty(self, store: ObjectStore) -> None:
        assert list(store.iter_objects("quarantine/")) == []

    def test_objects_can_be_deleted_during_a_listing(self, store: ObjectStore, small: Path) -> None:
        for number in range(5):
            store.put_file(f"quarantine/{number}", small)
        seen = 0
        for item in store.iter_objects("quarantine/"):
            store.delete(item.key)
            seen += 1
        assert seen == 5
        assert list(store.iter_objects("")) == []

    def test_incomplete_objects_are_never_visible(self, store: ObjectStore, large: Path) -> None:
        """Whatever a reader finds while a file is put and promoted has its full size."""
        seen: set[int] = set()
        is_over = threading.Event()

        def watch() -> None:
            while not is_over.is_set():
                seen.update(item.size_bytes for item in store.iter_objects(""))

        watcher = threading.Thread(target=watch)
        watcher.start()
        store.put_file("quarantine/a", large)
        store.promote("quarantine/a", "packages/aa/a")
        is_over.set()
        watcher.join()
        assert seen <= {LARGE_BYTES}

    def test_whole_objects_are_never_unfinished(self, store: ObjectStore, small: Path) -> None:
        store.put_file("quarantine/a", small)
        store.promote("quarantine/a", "packages/aa/a")
        assert store.discard_unfinished(dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == 0
        assert len(list(store.iter_objects(""))) == 2

    def test_a_ping_leaves_nothing(self, store: ObjectStore) -> None:
        store.ping()
        assert list(store.iter_objects("")) == []
        assert store.discard_unfinished(dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == 0

    def test_unavailable_storage_raises_its_error(
        self, broken_store: ObjectStore, small: Path, tmp_path: Path
    ) -> None:
        calls: list[Callable[[], object]] = [
            broken_store.ping,
            lambda: broken_store.put_file("quarantine/a", small),
            lambda: broken_store.fetch("quarantine/a", tmp_path / "copy"),
            lambda: list(broken_store.open_range("quarantine/a", 0, 10)),
            lambda: broken_store.promote("quarantine/a", "packages/aa/a"),
            lambda: broken_store.delete("quarantine/a"),
            lambda: list(broken_store.iter_objects("quarantine/")),
            lambda: broken_store.discard_unfinished(dt.datetime.now(dt.UTC)),
        ]
        for call in calls:
            with pytest.raises(StorageError):
                call()
