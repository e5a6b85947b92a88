"""A registry in its own processes, and one on a test double of Meilisearch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from marketplace.search.engines import get_engine
from tests.support.meilisearch_double import KEY, MeilisearchDouble, run_meilisearch_double


@pytest.fixture
def meili(settings: Any) -> Iterator[MeilisearchDouble]:
    """The registry on a test double of Meilisearch; tests set the answers."""
    with run_meilisearch_double() as double:
        settings.SEARCH_ENGINE = {
            "BACKEND": "marketplace.search.engines.meilisearch.MeilisearchEngine",
            "OPTIONS": {"url": double.url, "key": KEY, "index": "plugins"},
        }
        get_engine.cache_clear()
        yield double
        get_engine.cache_clear()
        assert not double.unrecorded
