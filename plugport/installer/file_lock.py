"""An advisory file lock, which the operating system releases when its process ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from plugport.installer.errors import InstallBusyError

WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.1


@contextmanager
def hold_lock(
    path: Path,
    *,
    wait_seconds: float = WAIT_SECONDS,
    remove: bool = False,
    notify: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Hold the lock file at `path`; with `remove`, delete it afterwards.

    `notify` is called once if the lock is not free. Raises `InstallBusyError` after `wait_seconds`.
    """
    descriptor = _open_lock_file(path)
    try:
        _acquire(descriptor, path, wait_seconds, notify)
        # The holder may have deleted the file meanwhile: this lock would then exclude nobody,
        # because the next process creates and locks a new file.
        while not _is_same_file(descriptor, path):
            os.close(descriptor)
            descriptor = _open_lock_file(path)
            _acquire(descriptor, path, wait_seconds, notify)
        try:
            yield
        finally:
            if remove:
                path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _open_lock_file(path: Path) -> int:
    # Not through a symbolic link, which a cloned project could contain (CWE-59).
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def _acquire(
    descriptor: int, path: Path, wait_seconds: float, notify: Callable[[str], None] | None
) -> None:
    deadline = time.monotonic() + wait_seconds
    is_notified = notify is None
    while True:
        try:
            # Polled, because the blocking call has no timeout.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            return
        if time.monotonic() >= deadline:
            raise InstallBusyError(
                f"another Plugport process has held `{path}` for {wait_seconds:.0f} s",
                hint="Wait until it ends, then run the same command again.",
            )
        if not is_notified and notify is not None:
            notify("waiting for another Plugport process")
            is_notified = True
        time.sleep(_POLL_SECONDS)
