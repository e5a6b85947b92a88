"""No engine is waited for without limit, wherever it runs; it comes back by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from marketplace.search import guard, helpers, indexer, service
from marketplace.search.engines import get_engine
from marketplace.search.engines.embedded import EmbeddedEngine
from marketplace.search.query import SearchPage, SearchQuery
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


class StuckEngine(EmbeddedEngine):
    """The embedded engine on a disk that answers when `go_on` is set."""

    def __init__(self, *, path: str) -> None:
        super().__init__(path=path)
        self.go_on = threading.Event()
        self.go_on.set()
        self.asked = 0

    def search(self, query: SearchQuery) -> SearchPage:
        """See the protocol."""
        self.asked += 1
        self.go_on.wait()
        return super().search(query)


@pytest.fixture
def engine(settings: Any, publisher: Publisher) -> Iterator[StuckEngine]:
    """The engine in use, with one plugin in it."""
    settings.SEARCH_ENGINE = {
        **settings.SEARCH_ENGINE,
        "BACKEND": f"{StuckEngine.__module__}.{StuckEngine.__qualname__}",
    }
    get_engine.cache_clear()
    publisher.publish("chat")
    indexer.index_changes()
    stuck = get_engine()
    assert isinstance(stuck, StuckEngine)
    yield stuck
    stuck.go_on.set()
    get_engine.cache_clear()


def find() -> bool:
    """Whether the engine answered; there is an answer in any case."""
    found = service.find(SearchQuery("chat"))
    assert [plugin.name for plugin in found.page.plugins] == ["chat"]
    return not found.is_degraded


def test_an_embedded_engine_that_is_stuck_is_not_waited_for(
    engine: StuckEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find()
    engine.go_on.clear()
    assert not find()
    asked = engine.asked
    assert not find()
    assert engine.asked == asked, "it was left alone"
    engine.go_on.set()
    monkeypatch.setattr(guard._breaker, "retry_at", 0.0)
    assert find()
    assert find()


def test_stuck_threads_do_not_pile_up(engine: StuckEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many are lost to it and no more; whoever comes then is not even tried."""
    monkeypatch.setattr(guard, "DEADLINE_SECONDS", 0.01)
    monkeypatch.setattr(guard, "_helpers", helpers.Helpers(2))
    engine.go_on.clear()
    for _ in range(5):
        monkeypatch.setattr(guard._breaker, "retry_at", 0.0)
        assert not find()
    assert engine.asked == 2
    engine.go_on.set()
    monkeypatch.setattr(guard, "DEADLINE_SECONDS", 30.0)
    until = time.monotonic() + 30
    while not find():
        assert time.monotonic() < until, "the threads never came back"
        monkeypatch.setattr(guard._breaker, "retry_at", 0.0)
