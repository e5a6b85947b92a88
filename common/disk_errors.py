"""Convert errors of the file system to errors that say what an operator has to do."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from common.http.errors import StorageError, StorageFullError

RETRY_SECONDS = 10
# An operator has to act first.
_FULL_RETRY_SECONDS = 60
_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextlib.contextmanager
def translate_full_disk(place: str) -> Iterator[None]:
    """Raise `StorageFullError` if the disk is full. Other errors pass: a package may cause them."""
    try:
        yield
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise build_disk_error(place, error) from error


@contextlib.contextmanager
def translate_disk_errors(place: str, *, keys: bool = False) -> Iterator[None]:
    """Raise `StorageFullError` or `StorageError` for an `OSError`.

    `place` is a noun phrase with "the": it starts the message. With `keys`, `FileNotFoundError`
    passes: a key of a store does not exist.
    """
    try:
        yield
    except OSError as error:
        if keys and isinstance(error, FileNotFoundError):
            raise
        raise build_disk_error(place, error) from error


def is_disk_full(error: OSError) -> bool:
    """Whether there is no space left, or none that this account may use."""
    return error.errno in _FULL_ERRNOS


def build_disk_error(place: str, error: OSError) -> StorageError:
    """The error for an `OSError`. It names no path (CWE-209)."""
    noun = place[0].upper() + place[1:]
    if is_disk_full(error):
        return StorageFullError(
            f"{noun} is full.",
            hint="Nothing was saved. Try again when the operator of the registry has freed space.",
            context={"retryAfterSeconds": _FULL_RETRY_SECONDS},
        )
    return StorageError(
        f"{noun} cannot be used: {error.strerror or type(error).__name__}.",
        hint="Nothing was saved. Try again in a few seconds.",
        context={"retryAfterSeconds": RETRY_SECONDS},
    )
