"""Rate limits (API-7): how often a token or an address may call."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from functools import cache

import structlog
from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from registry.errors import RateLimitedError

_FIRST_SWEEP = 10_000
_log = structlog.get_logger("plugport.limits")


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a limit after this call."""

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


class ProcessStorage(Storage):
    """Counts in the memory of this process, for `process://`.

    The library's own `memory://` starts a thread every 10 ms while calls come, to forget what has
    ended: an eighth of the time of a read. Here a window that has ended is forgotten when its
    caller comes again, and all of them when twice as many are kept as were left the last time.
    """

    STORAGE_SCHEME = ["process"]

    def __init__(
        self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool
    ) -> None:
        super().__init__(uri, wrap_exceptions, **options)
        self._guard = threading.Lock()
        # Of each caller: when the window ends, and how many calls it has seen.
        self._windows: dict[str, tuple[float, int]] = {}
        self._sweep_at = _FIRST_SWEEP

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing can fail here."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` calls; a window lasts `expiry` seconds from its first call."""
        now = time.time()
        with self._guard:
            ends_at, count = self._windows.get(key, (0.0, 0))
            if ends_at <= now:
                self._sweep(now)
                ends_at, count = now + expiry, 0
            self._windows[key] = ends_at, count + amount
        return count + amount

    def _sweep(self, now: float) -> None:
        if len(self._windows) >= self._sweep_at:
            self._windows = {k: window for k, window in self._windows.items() if window[0] > now}
            self._sweep_at = max(_FIRST_SWEEP, 2 * len(self._windows))

    def get(self, key: str) -> int:
        """The calls of the window."""
        ends_at, count = self._windows.get(key, (0.0, 0))
        return count if ends_at > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970; now if there is none."""
        return max(time.time(), self._windows.get(key, (0.0, 0))[0])

    def check(self) -> bool:
        """Memory answers."""
        return True

    def reset(self) -> int:
        """Forget everything; returns how many windows there were."""
        with self._guard:
            count = len(self._windows)
            self._windows = {}
        return count

    def clear(self, key: str) -> None:
        """Forget one caller."""
        with self._guard:
            self._windows.pop(key, None)


@cache
def parse_rate(text: str) -> RateLimitItem:
    """Read `600/minute`. Raises `ValueError`."""
    return parse(text)


@cache
def _get_limiter() -> FixedWindowRateLimiter:
    uri = settings.RATE_LIMIT_STORAGE
    options = {} if uri == "process://" else {"socket_connect_timeout": 1, "socket_timeout": 1}
    return FixedWindowRateLimiter(storage_from_string(uri, wrap_exceptions=True, **options))


def spend(kind: str, caller: str) -> Quota:
    """Count one call of `kind` for the caller and return what is left.

    Raises `RateLimitedError` with the seconds to wait. Calls that are refused cost nothing more.
    While the counters do not answer nobody is refused: a registry without limits is of more use
    than none.
    """
    rate = parse_rate(settings.RATE_LIMITS[kind])
    limiter = _get_limiter()
    try:
        is_allowed = limiter.hit(rate, kind, caller)
        window = limiter.get_window_stats(rate, kind, caller)
    except StorageError as error:
        _log.warning("limits_unavailable", error=type(error.storage_error).__name__)
        return Quota(rate.amount, rate.amount, rate.get_expiry(), rate.get_expiry())
    reset = max(1, math.ceil(window.reset_time - time.time()))
    quota = Quota(rate.amount, max(0, window.remaining), reset, rate.get_expiry())
    if not is_allowed:
        raise RateLimitedError(
            f"The limit is {rate.amount} {kind} calls in {rate.get_expiry()} seconds.",
            hint=f"Come back in {reset} seconds.",
            context={"retryAfterSeconds": reset, "headers": quota.headers},
        )
    return quota
