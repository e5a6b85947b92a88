"""Errors of the operating system, such as a full disk, as kinds of errors."""

from __future__ import annotations

import errno

from plugport.spec.errors import ErrorKind, PlugportError

# Not listed are I/O and network errors: they can be temporary, so they are "unavailable".
_KIND_BY_ERRNO = {
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
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def get_os_error_kind(error: OSError) -> ErrorKind:
    """The kind of an error of the operating system."""
    return _KIND_BY_ERRNO.get(error.errno or 0, ErrorKind.UNAVAILABLE)


def set_os_error_kind(error: PlugportError, cause: OSError) -> None:
    """Set the kind of one error by its cause; elsewhere the kind belongs to the class."""
    vars(error)["kind"] = get_os_error_kind(cause)


def is_disk_full(error: OSError) -> bool:
    """Whether a disk or a quota is used up."""
    return error.errno in _FULL
