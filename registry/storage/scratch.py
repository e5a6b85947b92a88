"""Temporary files that are removed even after a crash.

Every process works in its own folder and holds a lock (`flock`) on it as long as it runs. The
kernel releases the lock however the process ends, so a folder whose lock is free belongs to a
dead process, and the sweeper removes it. Process ids would not do: they are reused, and unknown
in another container.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from common.disk_errors import translate_disk_errors

# In messages.
SCRATCH = "the scratch folder"
_LOCK_NAME = ".lock"
_UNLOCKED_PREFIX = ".new-"
_lock = threading.Lock()
_process_folder: tuple[int, Path, int] | None = None


def translate_scratch_errors() -> contextlib.AbstractContextManager[None]:
    """Raise `StorageError` for errors of files in scratch, `StorageFullError` if the disk is full."""
    return translate_disk_errors(SCRATCH)


def get_process_folder() -> Path:
    """This process's folder, created and locked at the first call (again after a fork).

    Raises `StorageError`, like all functions here that create something.
    """
    global _process_folder  # noqa: PLW0603 -- one folder per process
    with _lock, translate_scratch_errors():
        if (
            _process_folder is None
            or _process_folder[0] != os.getpid()
            or not _process_folder[1].is_dir()
        ):
            if _process_folder is not None:
                # After a fork the parent still holds the lock: it has its own descriptor.
                os.close(_process_folder[2])
                # If no new one can be created now, the next call tries again.
                _process_folder = None
            _process_folder = (os.getpid(), *_create_locked_folder())
        return _process_folder[1]


def _create_locked_folder() -> tuple[Path, int]:
    """A new folder and the descriptor of its lock."""
    folder = Path(settings.SCRATCH_DIR) / f"{os.getpid()}-{uuid.uuid4().hex}"
    # Renamed when it is locked: a sweeper that runs in between would remove it as abandoned.
    unlocked = folder.with_name(f"{_UNLOCKED_PREFIX}{folder.name}")
    # Private: uploads are not public before they are checked.
    unlocked.mkdir(parents=True, mode=0o700)
    # CLOEXEC: a program that this process starts must not keep the lock after it is gone.
    handle = os.open(unlocked / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unlocked.rename(folder)
    except OSError:
        os.close(handle)
        raise
    return folder, handle


def create_scratch_file() -> Path:
    """Create an empty file; the caller removes it."""
    folder = get_process_folder()
    with translate_scratch_errors():
        handle, name = tempfile.mkstemp(dir=folder)
    os.close(handle)
    return Path(name)


@contextlib.contextmanager
def open_scratch_folder() -> Iterator[Path]:
    """An empty folder, removed with its contents at the end."""
    parent = get_process_folder()
    with translate_scratch_errors():
        folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_scratch() -> int:
    """Remove the folders of dead processes; returns how many."""
    removed = 0
    root = Path(settings.SCRATCH_DIR)
    for folder in root.iterdir() if root.is_dir() else ():
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _is_abandoned(folder: Path) -> bool:
    if folder.name.startswith(_UNLOCKED_PREFIX):
        # Created a moment ago, or by a process that died before it locked the folder.
        return _get_age_seconds(folder) > settings.LEASE_SECONDS
    try:
        handle = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return folder.is_dir()  # another sweep is removing it
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(handle)


def _get_age_seconds(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0  # it was renamed: it is locked now
