"""Reading the index: always the newest commit of the current generation."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from pathlib import Path
from typing import NamedTuple

import tantivy

from marketplace.search.engines.embedded.index_directory import (
    STAMPS_FILE,
    IndexDirectory,
    Stamps,
    check_files,
    load_position,
    load_stamps,
)
from marketplace.search.engines.embedded.schema import register_tokenizers
from marketplace.search.errors import IndexDamagedError, IndexOutdatedError
from marketplace.search.position import IndexPosition


def open_index(folder: Path) -> tantivy.Index:
    """Open the index in that folder. Raises `IndexDamagedError`."""
    check_files(folder)
    try:
        index = tantivy.Index.open(str(folder))
        register_tokenizers(index)
        # By default a thread of tantivy watches the folder and reloads without checking files.
        index.config_reader("manual", 0)
        index.reload()
    except ValueError as error:
        raise IndexDamagedError(f"The search index cannot be opened: {error}") from None
    return index


_FileStamp = tuple[int, int, int]


class Snapshot(NamedTuple):
    """A searcher, a key that identifies its commit, and the position of the index."""

    searcher: tantivy.Searcher
    commit: Hashable
    position: IndexPosition | None


class IndexReader:
    """Returns searchers, and reloads the index if there is a newer commit or generation.

    The check before each search is a few file stats, about 30 µs. Raises `IndexMissingError`,
    `IndexDamagedError`.
    """

    def __init__(self, directory: IndexDirectory) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._index: tantivy.Index | None = None
        self._current: Path | None = None
        self._commit: _FileStamp | None = None
        self._stamps: Stamps = {}
        self._position: IndexPosition | None = None
        self._position_stamp: _FileStamp | None = None

    def get(self, min_serial: int = 0) -> tantivy.Searcher:
        """A searcher of the last commit. Raises `IndexOutdatedError`."""
        return self.get_snapshot(min_serial).searcher

    def get_snapshot(self, min_serial: int = 0) -> Snapshot:
        """The last commit. Raises `IndexOutdatedError` if its position is below `min_serial`."""
        # Under the lock, so that no thread gets a searcher of an index whose files were not checked.
        with self._lock:
            current = self._directory.get_current()
            # Before the commit: the position that is stored with a commit is written after it.
            self._load_position(current)
            commit = _get_commit_stamp(current)
            if self._index is None or current != self._current:
                self._index, self._current = open_index(current), current
                self._store_commit(current, commit)
            elif commit != self._commit:
                self._index = self._follow(self._index, current)
                self._store_commit(current, commit)
            else:
                check_files(current, self._stamps)
            if min_serial and (self._position is None or self._position.serial < min_serial):
                raise IndexOutdatedError(self._position.serial if self._position else 0)
            return Snapshot(self._index.searcher(), (current.name, self._commit), self._position)

    def _load_position(self, current: Path) -> None:
        stamp = _find_stamp(f"{current}/{STAMPS_FILE}")
        if stamp != self._position_stamp or current != self._current:
            self._position, self._position_stamp = load_position(current), stamp

    def _follow(self, index: tantivy.Index, current: Path) -> tantivy.Index:
        """The index with the newer commit, or with an older one that was restored."""
        try:
            check_files(current, self._stamps)
        except IndexDamagedError:
            # A restored folder may have files of the same names; it has stamps of its own.
            self._index = None
            return open_index(current)
        self._reload(index)
        return index

    def _reload(self, index: tantivy.Index) -> None:
        try:
            index.reload()
        except ValueError as error:
            self._index = None
            raise IndexDamagedError(f"The search index cannot be read: {error}") from None

    def _store_commit(self, current: Path, commit: _FileStamp) -> None:
        # `commit` was read before the index was loaded. If a newer commit was loaded meanwhile, the
        # next search sees a difference and reloads once more: cheap, and no commit is missed.
        self._stamps = load_stamps(current)
        self._commit = commit


def _get_commit_stamp(folder: Path) -> _FileStamp:
    """Changes with every commit, because tantivy replaces `meta.json` each time."""
    stamp = _find_stamp(f"{folder}/meta.json")
    if stamp is None:
        raise IndexDamagedError("The segment list of the search index is missing.")
    return stamp


def _find_stamp(path: str) -> _FileStamp | None:
    # A text and not a `Path`, which costs more than the call.
    try:
        status = os.stat(path)  # noqa: PTH116 -- on the path of every search
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
