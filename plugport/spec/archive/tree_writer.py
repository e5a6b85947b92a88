"""Write the files of a package below one folder, and nowhere else.

Every path component is opened relative to the descriptor of its parent and without following links
(`O_NOFOLLOW`). So even a process that changes the tree at the same time cannot redirect a write out
of it (CWE-59, CWE-367). Requires a POSIX system.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from plugport.spec.archive.errors import (
    UnpackTargetError,
    build_path_error,
    build_unpack_failed_error,
)

FILE_MODE = 0o644
EXECUTABLE_MODE = 0o755
FOLDER_MODE = 0o755
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class TreeWriter:
    """A context manager that writes files below `folder`, an existing empty folder.

    Leaving it with an error empties the folder. Raises `UnpackFailedError` for disk errors.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # The open parent folders of the last file, as (name, descriptor).
        self._open: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        with _convert_disk_errors(str(self._folder)):
            self._root = os.open(self._folder, _FOLDER_FLAGS)
            is_occupied = bool(_list_names(self._root))
        if is_occupied:
            os.close(self._root)
            raise build_path_error(UnpackTargetError, str(self._folder), "is not empty")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close_to(0)
        # The folder was empty, so everything in it was written here.
        if kind is not None:
            for name in _list_names(self._root):
                _remove(name, self._root)
        os.close(self._root)

    @contextmanager
    def open_file(self, path: str, *, executable: bool) -> Iterator[BinaryIO]:
        """Open a new file for writing. Creates its parent folders as needed."""
        *parents, name = path.split("/")
        with _convert_disk_errors(path):
            # Private until it is complete. O_EXCL never writes to an existing file.
            descriptor = os.open(name, _FILE_FLAGS, 0o600, dir_fd=self._open_parents(parents))
            with os.fdopen(descriptor, "wb") as file:
                yield file
                # The mode of open() is subject to the umask, so the final mode is set explicitly.
                os.fchmod(descriptor, EXECUTABLE_MODE if executable else FILE_MODE)

    def _open_parents(self, parents: list[str]) -> int:
        """Open the folder at `parents`, and create it if it is missing."""
        # Consecutive files mostly share a folder, so its descriptors are kept open.
        shared = 0
        for (name, _descriptor), parent in zip(self._open, parents, strict=False):
            if name != parent:
                break
            shared += 1
        self._close_to(shared)
        for name in parents[shared:]:
            self._open.append((name, self._open_folder(name)))
        return self._open[-1][1] if self._open else self._root

    def _open_folder(self, name: str) -> int:
        above = self._open[-1][1] if self._open else self._root
        try:
            os.mkdir(name, FOLDER_MODE, dir_fd=above)
        except FileExistsError:
            # Created for an earlier file. If it was replaced with a link, O_NOFOLLOW refuses it.
            return os.open(name, _FOLDER_FLAGS, dir_fd=above)
        descriptor = os.open(name, _FOLDER_FLAGS, dir_fd=above)
        os.fchmod(descriptor, FOLDER_MODE)
        return descriptor

    def _close_to(self, depth: int) -> None:
        while len(self._open) > depth:
            os.close(self._open.pop()[1])


def _list_names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _remove(name: str, folder: int) -> None:
    if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        shutil.rmtree(name, dir_fd=folder)
    else:
        os.unlink(name, dir_fd=folder)


@contextmanager
def _convert_disk_errors(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise build_unpack_failed_error(path, error) from error
