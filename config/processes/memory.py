"""How much memory this process may use, and how much it has used."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
# ru_maxrss is in kB, except on macOS.
_MAXRSS_PER_KB = 1024 if sys.platform == "darwin" else 1


def limit_memory(max_bytes: int) -> None:
    """Limit the memory of this process: a hostile package gets a `MemoryError`, not the machine."""
    with contextlib.suppress(ValueError, OSError):  # the hard limit is lower already
        resource.setrlimit(resource.RLIMIT_DATA, (max_bytes, max_bytes))


def measure_peak_kb() -> int:
    """The most memory that this process has had resident, in kB.

    `ru_maxrss` alone is wrong on Linux: a program inherits the value of the process that started
    it (`exec_mmap`), so a worker started by a large process would seem too large at once.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            for line in _STATUS.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _MAXRSS_PER_KB
