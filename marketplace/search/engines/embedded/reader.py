"""Reading the index: always the newest commit of the current generation."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from pathlib import Path

import tantivy

from marketplace.search.engines.embedded.index_directory import (
    IndexDirectory,
    Stamps,
    check_files,
    load_stamps,
)
from marketplace.search.engines.embedded.schema import register_tokenizers
from marketplace.search.errors import IndexDamagedError


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
        self._commit: tuple[int, int, int] | None = None
        self._stamps: Stamps = {}

    def get(self) -> tantivy.Searcher:
        """A searcher of the last commit."""
        return self.get_with_commit()[0]

    def get_with_commit(self) -> tuple[tantivy.Searcher, Hashable]:
        """A searcher of the last commit, and a key that identifies the commit."""
        # Under the lock, so that no thread gets a searcher of an index whose files were not checked.
        with self._lock:
            current = self._directory.get_current()
            commit = _get_commit_stamp(current)
            if self._index is None or current != self._current:
                self._index, self._current = open_index(current), current
                self._store_commit(current, commit)
            elif commit != self._commit:
                check_files(current, self._stamps)
                self._reload(self._index)
                self._store_commit(current, commit)
            else:
                check_files(current, self._stamps)
            return self._index.searcher(), (current.name, self._commit)

    def _reload(self, index: tantivy.Index) -> None:
        try:
            index.reload()
        except ValueError as error:
            self._index = None
            raise IndexDamagedError(f"The search index cannot be read: {error}") from None

    def _store_commit(self, current: Path, commit: tuple[int, int, int]) -> None:
        # `commit` was read before the index was loaded. If a newer commit was loaded meanwhile, the
        # next search sees a difference and reloads once more: cheap, and no commit is missed.
        self._stamps = load_stamps(current)
        self._commit = commit


def _get_commit_stamp(folder: Path) -> tuple[int, int, int]:
    """Changes with every commit, because tantivy replaces `meta.json` each time."""
    try:
        status = os.stat(folder / "meta.json")  # noqa: PTH116 -- on the path of every search
    except OSError:
        raise IndexDamagedError("The segment list of the search index is missing.") from None
    return status.st_ino, status.st_mtime_ns, status.st_size
