"""Reads while Redis does not respond."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from common import rate_limits
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db

# No process listens on port 1.
NO_REDIS = "redis://127.0.0.1:1/0"


def test_reads_work_without_counters_and_cache(publisher: Publisher, settings: Any) -> None:
    publisher.publish()
    settings.RATE_LIMIT_STORAGE = NO_REDIS
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": NO_REDIS}
    }
    rate_limits.build_limiter.cache_clear()
    response = Client().get("/api/v1/plugins/@acme/chat")
    assert response.status_code == 200
    assert response.headers["RateLimit-Remaining"] == response.headers["RateLimit-Limit"]
    page = Client().get("/plugins/@acme/chat")
    assert page.status_code == 200
    assert b"Version 1.0.0." in page.content
