"""A package store in a local folder."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.core.files.storage import FileSystemStorage, storages

from common.disk_errors import translate_disk_errors, translate_full_disk
from registry.storage.base import CHUNK_BYTES, StoredObject
from registry.storage.scratch import SCRATCH

# Copies in progress. On the same file system as the objects, so that a rename is atomic, and outside
# every prefix, so that no listing shows them.
_PARTS_FOLDER = ".parts"


def _translate_errors() -> contextlib.AbstractContextManager[None]:
    return translate_disk_errors("the package folder", keys=True)


def _create_folder(folder: Path) -> None:
    """Create the folder and its parents so that they survive a power loss."""
    if folder.is_dir():
        return
    _create_folder(folder.parent)
    # Another process may create the folder at the same time.
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Flush a rename or link in the folder to disk: `fsync` of the file alone does not."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


class LocalObjectStore:
    """Objects are files below one folder. They appear by rename or link, so never partially."""

    def __init__(self, storage: str) -> None:
        backend = storages[storage]
        assert isinstance(backend, FileSystemStorage)
        self._storage = backend

    def _path(self, key: str, *, creates_folder: bool = False) -> Path:
        path = Path(self._storage.path(key))
        if creates_folder:
            _create_folder(path.parent)
        return path

    @property
    def _root(self) -> Path:
        return Path(self._storage.base_location).absolute()

    def _check_root(self) -> None:
        """Raise `NotADirectoryError` if the root is a file. A missing root is an empty store."""
        if self._root.exists() and not self._root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))

    def put_file(self, key: str, path: Path) -> None:
        """Link the file, or copy and rename it where links are not possible."""
        with _translate_errors():
            target = self._path(key, creates_folder=True)
            # The bytes before the name: after a power loss the key must not lead to an empty file.
            _sync_file(path)
            try:
                os.link(path, target)
            except OSError:
                # Another file system (EXDEV), no support for links, or the key exists.
                self._copy(path, target)
            _sync_folder(target.parent)

    def _copy(self, path: Path, target: Path) -> None:
        part = self._root / _PARTS_FOLDER / uuid.uuid4().hex
        _create_folder(part.parent)
        try:
            shutil.copyfile(path, part)
            _sync_file(part)
            # Atomic, also over an existing object: a reader sees the old bytes or the new ones.
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def fetch(self, key: str, path: Path) -> None:
        """Link the object, or copy it where links are not possible."""
        with _translate_errors():
            source = self._path(key)
            try:
                # A link keeps the bytes even if the object is deleted while the caller reads.
                os.link(source, path)
            except FileNotFoundError:
                raise
            except OSError:
                with translate_full_disk(SCRATCH):
                    shutil.copyfile(source, path)

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """Open the file now, read it in chunks."""
        # A generator runs nothing until its first `next`: without it, a missing object would be noticed
        # after the response headers are sent.
        chunks = self._iter_range(key, start, stop)
        next(chunks)
        return chunks

    def _iter_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """Yields b"" first: `open_range` takes it, so that opening errors are raised there."""
        with _translate_errors(), self._path(key).open("rb", buffering=0) as file:
            yield b""
            while start < stop:
                chunk = os.pread(file.fileno(), min(CHUNK_BYTES, stop - start), start)
                if not chunk:
                    return
                start += len(chunk)
                yield chunk

    def find_path(self, key: str) -> Path:
        """The path, if a file exists there."""
        with _translate_errors():
            path = self._path(key).absolute()
            path.stat()
            return path

    def find_signed_url(
        self,
        key: str,
        *,
        seconds: int,
        is_for_clients: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Files have no URLs."""

    def promote(self, source: str, target: str) -> None:
        """Link the object to its second key."""
        with _translate_errors():
            path, target_path = self._path(source), self._path(target, creates_folder=True)
            try:
                os.link(path, target_path)
            except FileExistsError:
                pass  # a process may have died before it flushed the folder, so do not return here
            except FileNotFoundError:
                raise
            except OSError:
                self._copy(path, target_path)
            _sync_folder(target_path.parent)

    def delete(self, key: str) -> None:
        with _translate_errors():
            # Not flushed: if a power loss restores the file, the sweeper finds an object without a
            # row.
            self._path(key).unlink(missing_ok=True)

    def iter_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Walk the folder `prefix`; files that are deleted meanwhile are skipped."""
        with _translate_errors():
            self._check_root()
            # Sorted, hence listed completely first: objects may be deleted while the caller iterates.
            for path in sorted((self._root / prefix).rglob("*")):
                with contextlib.suppress(FileNotFoundError):
                    if path.is_file() and path.parent.name != _PARTS_FOLDER:
                        status = path.stat()
                        changed = dt.datetime.fromtimestamp(status.st_mtime, tz=dt.UTC)
                        key = path.relative_to(self._root).as_posix()
                        yield StoredObject(key, status.st_size, changed)

    def discard_unfinished(self, before: dt.datetime) -> int:
        """Remove old copies that were never renamed."""
        count = 0
        with _translate_errors():
            self._check_root()
            for part in (self._root / _PARTS_FOLDER).glob("*"):
                with contextlib.suppress(FileNotFoundError):
                    if part.stat().st_mtime < before.timestamp():
                        part.unlink()
                        count += 1
        return count

    def ping(self) -> None:
        """Write and remove a small file. After a crash `discard_unfinished` removes it.

        Raises `StorageFullError` if nothing can be written, and `StorageError`.
        """
        with _translate_errors():
            probe = self._root / _PARTS_FOLDER / uuid.uuid4().hex
            _create_folder(probe.parent)
            try:
                probe.write_bytes(b"ping")
            finally:
                # On a full disk, the file was created all the same.
                probe.unlink(missing_ok=True)
