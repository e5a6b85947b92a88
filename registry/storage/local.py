"""Packages as files in a folder."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.core.files.storage import FileSystemStorage, storages

from registry.errors import StorageError
from registry.storage.base import CHUNK_BYTES, StoredObject

# Copies in progress lie here, on the disk of the objects and beside all prefixes.
_PARTS = ".parts"


def _make_folder(folder: Path) -> None:
    """Make the folder and those above it, each in a way that survives power loss."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename or link in the folder survive power loss."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


class LocalObjectStore:
    """Files below one folder. Objects appear by rename or link: never half."""

    def __init__(self, storage: str) -> None:
        backend = storages[storage]
        assert isinstance(backend, FileSystemStorage)
        self._storage = backend

    def _path(self, key: str, *, make: bool = False) -> Path:
        path = Path(self._storage.path(key))
        if make:
            _make_folder(path.parent)
        return path

    @property
    def _root(self) -> Path:
        return Path(self._storage.base_location).absolute()

    def _check_root(self) -> None:
        """A folder that is not there yet is empty; what is no folder is told as such."""
        if self._root.exists() and not self._root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageError(f"The package folder failed: {error.strerror}.") from error

    def put_file(self, key: str, path: Path) -> None:
        """Give the file a second name, or copy it beside its place when it is on another disk."""
        with self._answering():
            target = self._path(key, make=True)
            _sync_file(path)
            try:
                os.link(path, target)
            except OSError:
                self._copy(path, target)
            _sync_folder(target.parent)

    def _copy(self, path: Path, target: Path) -> None:
        part = self._root / _PARTS / uuid.uuid4().hex
        _make_folder(part.parent)
        try:
            shutil.copyfile(path, part)
            _sync_file(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def fetch(self, key: str, path: Path) -> None:
        """Link the object to `path`, or copy it where links are not possible."""
        with self._answering():
            source = self._path(key)
            try:
                os.link(source, path)
            except FileNotFoundError:
                raise
            except OSError:
                shutil.copyfile(source, path)

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """Read the file in chunks."""
        chunks = self._read_range(key, start, stop)
        next(chunks)
        return chunks

    def _read_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """First nothing, with the file open: faults are told at once, and `close` closes it."""
        with self._answering(), self._path(key).open("rb", buffering=0) as file:
            yield b""
            while start < stop:
                chunk = os.pread(file.fileno(), min(CHUNK_BYTES, stop - start), start)
                if not chunk:
                    return
                start += len(chunk)
                yield chunk

    def promote(self, source: str, target: str) -> None:
        """Give the file a second name."""
        with self._answering():
            path, goal = self._path(source), self._path(target, make=True)
            try:
                os.link(path, goal)
            except FileExistsError:
                pass  # perhaps by a process that died before the line below
            except FileNotFoundError:
                raise
            except OSError:
                self._copy(path, goal)
            _sync_folder(goal.parent)

    def delete(self, key: str) -> None:
        """Remove the file's name."""
        with self._answering():
            self._path(key).unlink(missing_ok=True)

    def get_size(self, key: str) -> int:
        """The file's size."""
        with self._answering():
            return self._path(key).stat().st_size

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Walk the folder that the prefix names; a file that vanishes meanwhile is skipped."""
        with self._answering():
            self._check_root()
            for path in sorted((self._root / prefix).rglob("*")):
                with contextlib.suppress(FileNotFoundError):
                    if path.is_file() and path.parent.name != _PARTS:
                        status = path.stat()
                        changed = dt.datetime.fromtimestamp(status.st_mtime, tz=dt.UTC)
                        key = path.relative_to(self._root).as_posix()
                        yield StoredObject(key, status.st_size, changed)

    def discard_unfinished(self, before: dt.datetime) -> int:
        """Remove old copies that did not get their name."""
        count = 0
        with self._answering():
            self._check_root()
            for part in (self._root / _PARTS).glob("*"):
                with contextlib.suppress(FileNotFoundError):
                    if part.stat().st_mtime < before.timestamp():
                        part.unlink()
                        count += 1
        return count

    def ping(self) -> None:
        """Write and remove a small file, where what is left of it would be found."""
        with self._answering():
            probe = self._root / _PARTS / uuid.uuid4().hex
            _make_folder(probe.parent)
            probe.write_bytes(b"ping")
            probe.unlink()
