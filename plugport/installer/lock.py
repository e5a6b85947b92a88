"""One change at a time: an advisory lock that the system gives back when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from plugport.installer.errors import BusyError

WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.1


@contextmanager
def hold_lock(
    path: Path,
    *,
    wait_seconds: float = WAIT_SECONDS,
    remove: bool = False,
    tell_waiting: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Hold the lock file at `path`, and remove it afterwards if asked to.

    Raises `BusyError` where another process holds it longer than `wait_seconds`.
    """
    descriptor = _open(path)
    try:
        _take(descriptor, path, wait_seconds, tell_waiting)
        # Its holder may have removed the file while this run waited: then the lock means nothing.
        while not _is_same_file(descriptor, path):
            os.close(descriptor)
            descriptor = _open(path)
            _take(descriptor, path, wait_seconds, tell_waiting)
        try:
            yield
        finally:
            if remove:
                path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def _take(
    descriptor: int, path: Path, wait_seconds: float, tell: Callable[[str], None] | None
) -> None:
    deadline = time.monotonic() + wait_seconds
    is_told = tell is None
    while True:
        try:
            # Not the blocking form: that could neither tell the user nor give up.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            return
        if time.monotonic() >= deadline:
            raise BusyError(
                f"another run of Plugport has held `{path}` for {wait_seconds:.0f} s",
                hint="Wait for it to end, then run the same command again.",
            )
        if not is_told and tell is not None:
            tell("another run of Plugport is at work here; waiting for it")
            is_told = True
        time.sleep(_POLL_SECONDS)
