"""Rate limits (API-7) for tokens and addresses."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from common.counters.table import CounterTableError, get_counter_table
from common.counters.windows import get_windows
from common.http.client_address import get_client_network, is_unlimited
from common.http.errors import RateLimitedError
from common.once import built_once

if TYPE_CHECKING:
    from rest_framework.request import Request

_log = structlog.get_logger("plugport.limits")


@dataclass(frozen=True, slots=True)
class Quota:
    """What remains of a limit after this call."""

    limit: int
    remaining: int
    reset_seconds: int
    window_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The `RateLimit-*` headers (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
            "RateLimit-Policy": f"{self.limit};w={self.window_seconds}",
        }


class FileStorage(Storage):
    """Counts in a file that all processes of this machine share, for URIs like `file:///path`."""

    STORAGE_SCHEME = ["file"]

    def __init__(
        self, uri: str, wrap_exceptions: bool = False, **options: float | str | bool
    ) -> None:
        super().__init__(uri, wrap_exceptions, **options)
        self._windows = get_windows(Path(unquote(urlsplit(uri).path)))

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the file raises, for example when the disk is full."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add `amount` calls; a window lasts `expiry` seconds from its first call."""
        return self._windows.add(key, expiry, amount)

    def get(self, key: str) -> int:
        """The calls in the window."""
        return self._windows.get(key)[0]

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since the epoch; now if there is none."""
        return self._windows.get(key)[1]

    def check(self) -> bool:
        """Whether the storage is available."""
        self._windows.get("")
        return True

    def reset(self) -> None:
        """Delete all windows."""
        self._windows.clear()

    def clear(self, key: str) -> None:
        """Delete the window of one caller."""
        self._windows.delete(key)


class TableStorage(Storage):
    """Counts in a `CounterTable`, for URIs like `sqlite:///path`: slower, and none is displaced."""

    STORAGE_SCHEME = ["sqlite"]

    def __init__(
        self, uri: str, wrap_exceptions: bool = False, **options: float | str | bool
    ) -> None:
        super().__init__(uri, wrap_exceptions, **options)
        self._table = get_counter_table(Path(unquote(urlsplit(uri).path)))

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the table raises."""
        return CounterTableError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add `amount` calls; a window lasts `expiry` seconds from its first call."""
        return self._table.increase(key, amount, expiry)

    def get(self, key: str) -> int:
        """The calls in the window."""
        found = self._table.find(key)
        return int(found[0]) if found else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since the epoch; now if there is none."""
        found = self._table.find(key)
        return found[1] if found else time.time()

    def check(self) -> bool:
        """Whether the storage is available."""
        self._table.find("")
        return True

    def reset(self) -> None:
        """Delete all windows."""
        self._table.clear()

    def clear(self, key: str) -> None:
        """Delete the window of one caller."""
        self._table.delete(key)


@cache
def parse_rate(text: str) -> RateLimitItem:
    """Parse a rate like `600/minute`. Raises `ValueError`."""
    return parse(text)


# Each counts for an account. Few requests add to them.
_ACCOUNT_KINDS = frozenset(
    {
        *("invitation", "invitation-mail", "decision-mail", "failed-sign-ins", "user-code"),
        *("trusted-publisher", "domain-check", "transfer", "claim"),
    }
)


def get_limiter(kind: str) -> FixedWindowRateLimiter:
    """The limiter for requests of a kind; one instance for each process and storage."""
    is_of_account = kind in _ACCOUNT_KINDS
    return build_limiter(settings.COUNTER_STORAGE if is_of_account else settings.RATE_LIMIT_STORAGE)


@built_once
def build_limiter(uri: str) -> FixedWindowRateLimiter:
    """The limiter that counts in the storage."""
    options: dict[str, Any] = {}
    if not uri.startswith("file:"):
        from common.redis_guard import build_connection_options  # slow to import

        # Every request waits for this: a Redis that hangs must cost a moment, not a minute.
        options = build_connection_options(uri)
    return FixedWindowRateLimiter(storage_from_string(uri, wrap_exceptions=True, **options))


def consume_quota(kind: str, caller: str) -> Quota:
    """Count one call of `kind` for the caller and return what remains.

    Raises `RateLimitedError` with the seconds to wait. Refused calls do not extend the wait.
    """
    rate = parse_rate(settings.RATE_LIMITS[kind])
    limiter = get_limiter(kind)
    try:
        is_allowed = limiter.hit(rate, kind, caller)
        quota = _get_remaining(limiter, rate, kind, caller)
    except StorageError as error:
        return _build_full_quota(rate, error)
    if not is_allowed:
        raise RateLimitedError(
            f"The limit is {rate.amount} {kind} requests in {rate.get_expiry()} seconds.",
            hint=f"Try again in {quota.reset_seconds} seconds.",
            context={"retryAfterSeconds": quota.reset_seconds, "headers": quota.headers},
        )
    return quota


def count_request(request: HttpRequest | Request, kind: str, *, token_id: int = 0) -> Quota | None:
    """Count a request of the token or, without one, of the client, and return what remains.

    Returns None for a client in `UNLIMITED_NETWORKS`, whose requests do not count. Raises
    `RateLimitedError`.
    """
    if is_unlimited(request):
        return None
    return consume_quota(kind, f"token:{token_id}" if token_id else get_client_network(request))


def find_quota(request: HttpRequest | Request, kind: str, *, token_id: int = 0) -> Quota | None:
    """What `count_request` would return, without counting the request."""
    if is_unlimited(request):
        return None
    return get_quota(kind, f"token:{token_id}" if token_id else get_client_network(request))


def get_quota(kind: str, caller: str) -> Quota:
    """What remains of the caller's limit, without counting a call."""
    rate = parse_rate(settings.RATE_LIMITS[kind])
    try:
        return _get_remaining(get_limiter(kind), rate, kind, caller)
    except StorageError as error:
        return _build_full_quota(rate, error)


def _get_remaining(
    limiter: FixedWindowRateLimiter, rate: RateLimitItem, kind: str, caller: str
) -> Quota:
    window = limiter.get_window_stats(rate, kind, caller)
    reset = max(1, math.ceil(window.reset_time - time.time()))
    return Quota(rate.amount, max(0, window.remaining), reset, rate.get_expiry())


def _build_full_quota(rate: RateLimitItem, error: StorageError) -> Quota:
    """Fail open: a registry without rate limits is more useful than no registry."""
    _log.warning("limits_unavailable", error=type(error.storage_error).__name__)
    return Quota(rate.amount, rate.amount, rate.get_expiry(), rate.get_expiry())
