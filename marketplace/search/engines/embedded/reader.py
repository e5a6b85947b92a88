"""Reading the index: always the newest commit of the generation in use."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from pathlib import Path

import tantivy

from marketplace.search.engines.embedded.fields import register_tokenizers
from marketplace.search.engines.embedded.folder import (
    IndexFolder,
    Stamps,
    check_files,
    read_stamps,
)
from marketplace.search.errors import IndexDamagedError


def open_index(folder: Path) -> tantivy.Index:
    """The index in that folder. Raises `IndexDamagedError`."""
    check_files(folder)
    try:
        index = tantivy.Index.open(str(folder))
        register_tokenizers(index)
        index.config_reader("manual", 0)
        index.reload()
    except ValueError as error:
        raise IndexDamagedError(f"The search index cannot be opened: {error}") from None
    return index


class IndexReader:
    """Hands out searchers; looks before each search whether there is something newer.

    That costs a few file stats, some 30 µs. Raises `IndexMissingError`, `IndexDamagedError`.
    """

    def __init__(self, folder: IndexFolder) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._index: tantivy.Index | None = None
        self._current: Path | None = None
        self._commit: tuple[int, int, int] | None = None
        self._stamps: Stamps = {}

    def get(self) -> tantivy.Searcher:
        """A searcher of the last commit."""
        return self.get_with_commit()[0]

    def get_with_commit(self) -> tuple[tantivy.Searcher, Hashable]:
        """A searcher of the last commit, and what tells this commit from every other."""
        with self._guard:
            current = self._folder.find_current()
            commit = _read_commit(current)
            if self._index is None or current != self._current:
                self._index, self._current = open_index(current), current
                self._note(current, commit)
            elif commit != self._commit:
                check_files(current, self._stamps)
                self._reload()
                self._note(current, commit)
            else:
                check_files(current, self._stamps)
            return self._index.searcher(), (current.name, self._commit)

    def _reload(self) -> None:
        assert self._index is not None
        try:
            self._index.reload()
        except ValueError as error:
            self._index = None
            raise IndexDamagedError(f"The search index cannot be read: {error}") from None

    def _note(self, current: Path, commit: tuple[int, int, int]) -> None:
        # What was read before the reload is older than what was loaded: the next search reloads
        # once more, which is cheap, and never misses a commit.
        self._stamps = read_stamps(current)
        self._commit = commit


def _read_commit(folder: Path) -> tuple[int, int, int]:
    """What changes with every commit: tantivy replaces this file by another."""
    try:
        status = os.stat(folder / "meta.json")  # noqa: PTH116 -- on the path of every search
    except OSError:
        raise IndexDamagedError("The search index has lost its list of parts.") from None
    return status.st_ino, status.st_mtime_ns, status.st_size
