"""A registry as its own processes, and one on a stand-in for Meilisearch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from marketplace.search.engines import get_engine
from tests.support.meili_fake import KEY, MeiliFake, run_meili_fake
from tests.support.server import live_registry  # noqa: F401 -- a fixture


@pytest.fixture
def meili(settings: Any) -> Iterator[MeiliFake]:
    """The registry on a stand-in for Meilisearch."""
    with run_meili_fake() as fake:
        settings.SEARCH_ENGINE = {
            "BACKEND": "marketplace.search.engines.meilisearch.MeilisearchEngine",
            "OPTIONS": {"url": fake.url, "key": KEY, "index": "plugins"},
        }
        get_engine.cache_clear()
        yield fake
        get_engine.cache_clear()
