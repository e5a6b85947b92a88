"""Exit codes: one per kind of outcome, so that scripts can tell them apart (docs/cli.md)."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from plugport.spec.errors import ErrorKind, PlugportError

OK = 0
FAULT = 1
USAGE = 2
INTEGRITY = 9
INTERRUPTED = 130

BY_KIND: Mapping[ErrorKind, int] = {
    ErrorKind.INVALID: 3,
    ErrorKind.DENIED: 4,
    ErrorKind.MISSING: 5,
    ErrorKind.CONFLICT: 6,
    ErrorKind.LIMITED: 7,
    ErrorKind.UNAVAILABLE: 8,
}
MEANINGS: Mapping[int, str] = {
    OK: "it worked",
    FAULT: "a fault in Plugport itself",
    USAGE: "the command line is wrong",
    3: "the input is invalid: manifest, package, name, version, release rejected",
    4: "denied: no or wrong token, blocked by trust, no consent",
    5: "missing: no such plugin, release, file",
    6: "conflict: the version exists, others depend on it, a folder is in the way",
    7: "limited: too large, too often, disk full",
    8: "unavailable: no connection, the registry is busy, checks not finished or held",
    INTEGRITY: "integrity: the bytes are not those that were promised",
    INTERRUPTED: "interrupted by Ctrl-C",
}
_OS_KINDS = {
    errno.EACCES: ErrorKind.DENIED,
    errno.EPERM: ErrorKind.DENIED,
    errno.EROFS: ErrorKind.DENIED,
    errno.ENOENT: ErrorKind.MISSING,
    errno.EEXIST: ErrorKind.CONFLICT,
    errno.ENOTDIR: ErrorKind.CONFLICT,
    errno.EISDIR: ErrorKind.CONFLICT,
    errno.ENOSPC: ErrorKind.LIMITED,
    errno.EDQUOT: ErrorKind.LIMITED,
    errno.EFBIG: ErrorKind.LIMITED,
}


def find_exit_code(error: PlugportError) -> int:
    """The exit code of an error that a person may meet."""
    # By its mark, not its class: the installer is not imported where it was not needed.
    return INTEGRITY if getattr(error, "is_integrity", False) else BY_KIND[error.kind]


def find_os_kind(error: OSError) -> ErrorKind:
    """What sort of failure an error of the operating system is."""
    return _OS_KINDS.get(error.errno or 0, ErrorKind.UNAVAILABLE)
