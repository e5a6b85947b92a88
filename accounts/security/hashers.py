"""Password hashes in bounded memory.

Argon2 takes its memory for as long as it runs. Here one thread of each process computes all hashes,
one after the other. It is always the same thread, because the C library keeps freed memory for each
thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TypeVar

import structlog
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts.errors import PasswordsBusyError
from common.once import built_once

_log = structlog.get_logger("plugport.passwords")
_RETRY_SECONDS = 2
T = TypeVar("T")


class BoundedArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with the parameters that OWASP recommends: 19 MiB, two passes, one thread.

    See https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html. Django's
    defaults take 100 MiB and eight threads. Hashes with other parameters remain valid, and are
    replaced when their owner signs in.

    `encode` and `verify` raise `PasswordsBusyError`.
    """

    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        encode = super().encode
        return _compute(lambda: encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        verify = super().verify
        return _compute(lambda: verify(password, encoded))


@built_once
def get_hashing_thread() -> ThreadPoolExecutor:
    """The thread that computes hashes, in the order of the calls."""
    return ThreadPoolExecutor(1, thread_name_prefix="passwords")


_pending = 0
_pending_lock = threading.Lock()


def _compute(work: Callable[[], T]) -> T:
    """Return the result of `work` from the thread. Raises `PasswordsBusyError`."""
    global _pending  # noqa: PLW0603 -- a count needs no class
    with _pending_lock:
        if _pending >= settings.MAX_PENDING_PASSWORDS:
            raise _build_error("too many")
        _pending += 1
    try:
        future = get_hashing_thread().submit(work)
        try:
            return future.result(settings.PASSWORD_SECONDS)
        except FutureTimeoutError:
            future.cancel()
            raise _build_error("too long") from None
    finally:
        with _pending_lock:
            _pending -= 1


def _build_error(reason: str) -> PasswordsBusyError:
    _log.warning("passwords_busy", reason=reason)
    return PasswordsBusyError(
        "The server is checking too many passwords at the moment. Nothing was changed.",
        hint=f"Try again in {_RETRY_SECONDS} seconds.",
        context={"retryAfterSeconds": _RETRY_SECONDS},
    )
