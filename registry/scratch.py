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
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

_LOCK_NAME = ".lock"
_guard = threading.Lock()
_own: tuple[int, Path, int] | None = None


def get_process_folder() -> Path:
    """This process's folder, made and locked at the first call (again after a fork)."""
    global _own  # noqa: PLW0603 -- one folder a process is the point
    with _guard:
        if _own is None or _own[0] != os.getpid() or not _own[1].is_dir():
            folder = Path(settings.SCRATCH_DIR) / f"{os.getpid()}-{uuid.uuid4().hex}"
            folder.mkdir(parents=True, mode=0o700)
            handle = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _own = (os.getpid(), folder, handle)
        return _own[1]


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
    try:
        handle = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        # Made a moment ago and not locked yet, or nearly removed: the next sweep will tell.
        return folder.is_dir() and _age_seconds(folder) > settings.LEASE_SECONDS
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
    import time

    return time.time() - folder.stat().st_mtime
