"""How long a process uses a token without a query."""

from __future__ import annotations

from typing import Any

from accounts.models import Token, User
from accounts.queries.token_cache import TokenCache


def _build_token(sha256: str) -> Token:
    return Token(user=User(username="acme"), name="t", sha256=sha256, scopes=["read"])


def test_an_entry_is_used_for_a_moment_after_its_query_began(settings: Any) -> None:
    settings.TOKEN_CACHE_SECONDS = 0.2
    now = [100.0]
    cache = TokenCache(lambda: now[0])
    # The query took 50 ms: the row may have changed since it began.
    cache.store(_build_token("a"), queried_at=99.95)
    assert cache.find("b") is None
    found = cache.find("a")
    assert found is not None
    assert found.user.username == "acme"
    now[0] = 100.14
    assert cache.find("a") is not None
    now[0] = 100.16
    assert cache.find("a") is None


def test_requests_do_not_share_what_they_change(settings: Any) -> None:
    settings.TOKEN_CACHE_SECONDS = 0.2
    cache = TokenCache(lambda: 0.0)
    token = _build_token("a")
    cache.store(token, queried_at=0.0)
    token.user.username = "changed"
    for _ in range(2):
        found = cache.find("a")
        assert found is not None
        assert found.user.username == "acme"
        found.user.username = "changed"
        found.name = "changed"


def test_the_number_of_entries_is_bounded(settings: Any) -> None:
    settings.TOKEN_CACHE_SECONDS = 0.2
    cache = TokenCache(lambda: 0.0)
    for number in range(5000):
        cache.store(_build_token(str(number)), queried_at=0.0)
    assert cache.find("0") is None
    assert cache.find("4999") is not None


def test_without_seconds_nothing_is_kept(settings: Any) -> None:
    settings.TOKEN_CACHE_SECONDS = 0
    cache = TokenCache(lambda: 0.0)
    cache.store(_build_token("a"), queried_at=0.0)
    settings.TOKEN_CACHE_SECONDS = 1
    assert cache.find("a") is None
