"""Writing a package's files below one folder, and nowhere else.

Every step goes through the descriptor of the folder above it and refuses links (`O_NOFOLLOW`),
so not even somebody who changes the tree meanwhile can lead a write out of it. Needs a POSIX
system.
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

from plugport.spec.archive.errors import UnpackFailedError, UnpackTargetError, make_path_error

FILE_MODE = 0o644
EXECUTABLE_MODE = 0o755
FOLDER_MODE = 0o755
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class TreeWriter:
    """Writes files below `folder`, which exists and is empty. Use it as a context manager.

    Leaving it by an error empties the folder again. Disk errors are `UnpackFailedError`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # The folders that lead to where the last file went, as (name, descriptor).
        self._open: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        with _convert_disk_errors(str(self._folder)):
            self._root = os.open(self._folder, _FOLDER_FLAGS)
            is_taken = bool(_list_names(self._root))
        if is_taken:
            os.close(self._root)
            raise make_path_error(UnpackTargetError, str(self._folder), "is not empty")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close_to(0)
        # Everything there is ours, as the folder was empty.
        if kind is not None:
            for name in _list_names(self._root):
                _remove(name, self._root)
        os.close(self._root)

    @contextmanager
    def open_file(self, path: str, *, executable: bool) -> Iterator[BinaryIO]:
        """Open a new file to write to; its folders are made as needed."""
        *parents, name = path.split("/")
        with _convert_disk_errors(path):
            # Private until it is whole. O_EXCL: nothing that is there is ever written to.
            descriptor = os.open(name, _FILE_FLAGS, 0o600, dir_fd=self._enter(parents))
            with os.fdopen(descriptor, "wb") as file:
                yield file
                # chmod, as the mode given to open is subject to the umask.
                os.fchmod(descriptor, EXECUTABLE_MODE if executable else FILE_MODE)

    def _enter(self, parents: list[str]) -> int:
        """Open the folder at `parents`, which is made if it is not there."""
        # Neighbours in an archive mostly lie in one folder, whose descriptors are still open.
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
            # Made for an earlier file; a link in its place is refused by O_NOFOLLOW.
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
        raise make_path_error(
            UnpackFailedError,
            path,
            f"cannot be written: {error.strerror or 'unknown error'}",
            hint="Choose a folder that you may write to, on a disk with enough space.",
        ) from error
