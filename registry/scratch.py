"""Temporary files that a crash cannot leave behind for long.

Every process works in a folder of its own and holds a lock (flock) on it for as long as it
lives. The system drops the lock however the process ends, so a folder whose lock is free was
left by a dead process, and the sweeper removes it.
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

_LOCK_NAME = ".lock"
_UNNAMED = ".new-"
_guard = threading.Lock()
_own: tuple[int, Path, int] | None = None


def get_process_folder() -> Path:
    """This process's folder, made and locked at the first call (again after a fork)."""
    global _own  # noqa: PLW0603 -- one folder a process is the point
    with _guard:
        if _own is None or _own[0] != os.getpid() or not _own[1].is_dir():
            if _own is not None:
                os.close(_own[2])  # a parent's lock stays: it is the parent's as well
            _own = (os.getpid(), *_make_locked_folder())
        return _own[1]


def _make_locked_folder() -> tuple[Path, int]:
    """A new folder and the handle of its lock. It gets its name when it is locked, not before."""
    folder = Path(settings.SCRATCH_DIR) / f"{os.getpid()}-{uuid.uuid4().hex}"
    unnamed = folder.with_name(f"{_UNNAMED}{folder.name}")
    unnamed.mkdir(parents=True, mode=0o700)
    handle = os.open(unnamed / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    unnamed.rename(folder)
    return folder, handle


def make_scratch_file() -> Path:
    """A new empty file for the caller to fill and remove."""
    handle, name = tempfile.mkstemp(dir=get_process_folder())
    os.close(handle)
    return Path(name)


@contextlib.contextmanager
def open_scratch_folder() -> Iterator[Path]:
    """A new empty folder, removed with all it holds at the end."""
    folder = Path(tempfile.mkdtemp(dir=get_process_folder()))
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
    if folder.name.startswith(_UNNAMED):
        # Made a moment ago, or by a process that died at once.
        return _age_seconds(folder) > settings.LEASE_SECONDS
    try:
        handle = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return folder.is_dir()  # another sweep has begun to remove it
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


def _age_seconds(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0  # it has its name now
