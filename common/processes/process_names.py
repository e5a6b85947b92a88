"""Names of processes that hold a lease, so that others notice when they have ended."""

from __future__ import annotations

import contextlib
import os
import socket
from functools import cache
from pathlib import Path


@cache
def _get_machine_name() -> str:
    """The host name and the namespace of process ids: containers can share a host name."""
    namespace = 0
    with contextlib.suppress(OSError):  # not Linux
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    return f"{socket.gethostname()[:60]}.{namespace}"


def build_process_name(process_id: int | None = None) -> str:
    """The name of a process of this machine, by default of this one. At most 90 characters."""
    return f"{_get_machine_name()}/{process_id or os.getpid()}"


def is_process_dead(name: str) -> bool:
    """Whether the name is that of a process of this machine that has ended.

    False for processes of other machines, which cannot be checked from here.
    """
    machine, _, number = name.rpartition("/")
    if machine != _get_machine_name() or not (number.isascii() and number.isdecimal()):
        return False
    try:
        # Signal 0 only checks that the process exists (kill(2)).
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        # No permission to signal it, so it exists.
        return False
    return False
