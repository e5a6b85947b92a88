"""No request waits for a hanging engine, and the engine is used again once it recovers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from marketplace.search import circuit_breaker, indexer, service
from marketplace.search.circuit_breaker import CircuitBreaker
from marketplace.search.engines import get_engine
from marketplace.search.engines.embedded import EmbeddedEngine
from marketplace.search.query import SearchPage, SearchQuery
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db
CHAT = SearchQuery("chat")


class StuckEngine(EmbeddedEngine):
    """The embedded engine on a disk that hangs until `go_on` is set."""

    def __init__(self, *, path: str) -> None:
        super().__init__(path=path)
        self.go_on = threading.Event()
        self.go_on.set()
        self.calls = 0

    def search(self, query: SearchQuery) -> SearchPage:
        """Hang, then search."""
        self.calls += 1
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
    """Whether the engine answered; the search always returns the plugin."""
    results = service.search_plugins(CHAT)
    assert [plugin.name for plugin in results.page.plugins] == ["chat"]
    return not results.is_degraded


def test_a_hanging_engine_is_not_waited_for(engine: StuckEngine) -> None:
    assert find()
    engine.go_on.clear()
    assert not find()
    calls = engine.calls
    assert not find()
    assert engine.calls == calls, "a call during the pause"
    engine.go_on.set()
    circuit_breaker.reset()
    assert find()
    assert find()


def test_one_call_tries_the_engine_after_the_pause(engine: StuckEngine) -> None:
    now = 0.0
    breaker = CircuitBreaker(deadline_seconds=30, reset_seconds=5, clock=lambda: now)
    results = engine.search(CHAT)

    def fail(_engine: object) -> SearchPage:
        raise circuit_breaker.SearchUnavailableError("Down.")

    assert breaker.call(engine, fail) is None
    assert breaker.call(engine, lambda _engine: results) is None, "a call during the pause"
    now = 6.0
    refused: list[object] = []

    def try_again(_engine: object) -> SearchPage:
        refused.append(breaker.call(engine, lambda _engine: results))
        return results

    assert breaker.call(engine, try_again) is results
    assert refused == [None], "two calls tried at the same time"
    assert breaker.call(engine, lambda _engine: results) is results


def test_hanging_threads_do_not_pile_up(engine: StuckEngine) -> None:
    """Once all threads hang, calls do not reach the engine; later the threads are free again."""
    breaker = CircuitBreaker(deadline_seconds=0.05, reset_seconds=0, max_threads=2)
    engine.go_on.clear()
    for _ in range(5):
        assert breaker.call(engine, lambda engine: engine.search(CHAT)) is None
    until = time.monotonic() + 30
    while engine.calls < 2:
        assert time.monotonic() < until, "a thread never started"
        time.sleep(0.01)
    assert engine.calls == 2
    engine.go_on.set()
    while breaker.call(engine, lambda engine: engine.search(CHAT)) is None:
        assert time.monotonic() < until, "the threads never came back"
