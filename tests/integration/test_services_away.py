"""What goes on while Redis does not answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from registry import limits
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db

# Nobody listens on port 1.
AWAY = "redis://127.0.0.1:1/0"


def test_reads_go_on_without_counters_and_cache(publisher: Publisher, settings: Any) -> None:
    publisher.publish()
    settings.RATE_LIMIT_STORAGE = AWAY
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": AWAY}
    }
    limits._get_limiter.cache_clear()
    answer = Client().get("/api/v1/plugins/@acme/chat")
    assert answer.status_code == 200
    assert answer.headers["RateLimit-Remaining"] == answer.headers["RateLimit-Limit"]
    page = Client().get("/plugins/@acme/chat")
    assert page.status_code == 200
    assert b"Version 1.0.0." in page.content
