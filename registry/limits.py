"""Rate limits (API-7): how often a token or an address may call."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from registry.errors import RateLimitedError


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


@cache
def parse_rate(text: str) -> RateLimitItem:
    """Read `600/minute`. Raises `ValueError`."""
    return parse(text)


@cache
def _get_limiter() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(storage_from_string(settings.RATE_LIMIT_STORAGE))


def spend(kind: str, caller: str) -> Quota:
    """Count one call of `kind` for the caller and return what is left.

    Raises `RateLimitedError` with the seconds to wait. Calls that are refused cost nothing more.
    """
    rate = parse_rate(settings.RATE_LIMITS[kind])
    limiter = _get_limiter()
    is_allowed = limiter.hit(rate, kind, caller)
    window = limiter.get_window_stats(rate, kind, caller)
    reset = max(1, math.ceil(window.reset_time - time.time()))
    quota = Quota(rate.amount, max(0, window.remaining), reset, rate.get_expiry())
    if not is_allowed:
        raise RateLimitedError(
            f"The limit is {rate.amount} {kind} calls in {rate.get_expiry()} seconds.",
            hint=f"Come back in {reset} seconds.",
            context={"retryAfterSeconds": reset, "headers": quota.headers},
        )
    return quota
