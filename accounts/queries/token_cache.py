"""Tokens that this process loaded a moment ago.

A registry that a program reads with a token would otherwise query the same row for each request. Nothing
tells other processes about a revocation: an entry is used for `TOKEN_CACHE_SECONDS` only, counted from before
it was queried, so that a revocation is effective in all processes after that time. Writes never use it.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

from django.conf import settings

from accounts.models import Token

_MAX_ENTRIES = 4096


class TokenCache:
    """Tokens by the hash of their text. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._entries: dict[str, tuple[float, Token]] = {}

    def find(self, sha256: str) -> Token | None:
        """A copy of the token, if it was queried within `TOKEN_CACHE_SECONDS`."""
        entry = self._entries.get(sha256)
        if entry is None or self.clock() - entry[0] >= settings.TOKEN_CACHE_SECONDS:
            return None
        # Requests may change their copy, for example set attributes of the account.
        token = copy.copy(entry[1])
        token.user = copy.copy(token.user)
        return token

    def store(self, token: Token, queried_at: float) -> None:
        """Keep a copy of the token with its account; `queried_at` is the clock before the query."""
        if settings.TOKEN_CACHE_SECONDS <= 0:
            return
        if len(self._entries) >= _MAX_ENTRIES:
            # Nearly all are too old to be used.
            self._entries.clear()
        kept = copy.copy(token)
        kept.user = copy.copy(token.user)
        self._entries[token.sha256] = (queried_at, kept)

    def clear(self) -> None:
        """Drop all entries, so that a revocation is effective in this process at once."""
        self._entries.clear()


token_cache = TokenCache()
