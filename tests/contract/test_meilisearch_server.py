"""What the Meilisearch engine sends to a server, and how it reports a server that it cannot use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from marketplace.search.engines.meilisearch import MeilisearchEngine
from marketplace.search.engines.meilisearch.connection import MIN_VERSION, TESTED_VERSION
from marketplace.search.errors import (
    EngineTooOldError,
    IndexMissingError,
    IndexOutdatedError,
    SearchUnavailableError,
)
from marketplace.search.position import IndexPosition
from marketplace.search.query import SearchQuery
from tests.contract.search_documents import CATALOG
from tests.support.data import shared_data
from tests.support.meilisearch_double import (
    KEY,
    MeilisearchDouble,
    load_recordings,
    run_meilisearch_double,
)

SLACK = SearchQuery("slack")


@pytest.fixture
def double() -> Iterator[MeilisearchDouble]:
    with run_meilisearch_double() as double:
        yield double
        assert not double.unrecorded


@pytest.fixture(scope="module")
def recorded_server() -> Iterator[MeilisearchDouble]:
    """A double with the documents of `CATALOG` and the recorded answers."""
    recordings = load_recordings(shared_data("meilisearch", "searches.jsonl"))
    with run_meilisearch_double(recordings) as double:
        build_engine(double).rebuild(CATALOG, IndexPosition(5, 1))
        yield double
        assert not double.unrecorded


def build_engine(double: MeilisearchDouble, key: str = KEY) -> MeilisearchEngine:
    return MeilisearchEngine(url=double.url, key=key, index="plugins")


# ---- requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "requests"),
    [
        (SearchQuery(), 1),
        (SearchQuery(sort="name"), 1),
        (SearchQuery(filters={"tag": "slack", "type": "bridge"}), 1),
        (SearchQuery("slack"), 1),
        (SearchQuery("ar slack bridge"), 1),
        (SearchQuery("slack", filters={"type": "bridge"}, has_open_facets=True), 1),
        # A typing error in one of two words.
        (SearchQuery("featrue flags"), 1),
        # Every word may have an error: does one of them exist without?
        (SearchQuery("sl ack"), 2),
        # No plugin has all words: which of the words are best, and their page.
        (SearchQuery("quaternions discord"), 3),
        (SearchQuery("++"), 0),
    ],
    ids=lambda value: value.text if isinstance(value, SearchQuery) else str(value),
)
def test_requests_of_a_search(
    recorded_server: MeilisearchDouble, query: SearchQuery, requests: int
) -> None:
    """All on the connection that the engine keeps, with the position of the index."""
    engine = build_engine(recorded_server)
    engine.ping()
    recorded_server.exchanges.clear()
    recorded_server.connections = 0
    engine.search(replace(query, min_serial=5))
    assert [path for _, path, _, _ in recorded_server.exchanges] == ["/multi-search"] * requests
    assert recorded_server.connections == 0


def test_requests_of_suggestions_and_values(double: MeilisearchDouble) -> None:
    engine = build_engine(double)
    engine.rebuild([], IndexPosition(5, 1))
    double.exchanges.clear()
    double.connections = 0
    double.reply(1)
    engine.suggest("sla", 8, frozenset(), 5)
    double.canned.append({"facetHits": []})
    engine.facet_search("tag", "s", SLACK)
    assert len(double.exchanges) == 2
    assert double.connections == 0
    double.reply(1)
    with pytest.raises(IndexOutdatedError):
        engine.suggest("sla", 8, frozenset(), 6)


def test_threads_share_the_kept_connections(double: MeilisearchDouble) -> None:
    engine = build_engine(double)
    engine.setup()
    double.connections = 0
    for _ in range(3):
        threads = [threading.Thread(target=engine.ping) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert double.connections < 4


def test_a_connection_that_the_server_closed_is_replaced(double: MeilisearchDouble) -> None:
    engine = build_engine(double)
    engine.setup()
    double.closes_connections = True
    for number in range(1, 4):
        double.reply(number)
        assert engine.search(SLACK).ids == (number,)


# ---- failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["wrong", ""])
def test_a_wrong_key_leads_to_its_setting(double: MeilisearchDouble, key: str) -> None:
    engine = build_engine(double, key)
    for act in (engine.ping, engine.setup, lambda: engine.search(SLACK)):
        with pytest.raises(SearchUnavailableError, match="refused the key") as caught:
            act()
        assert "PLUGPORT_MEILI_KEY" in (caught.value.hint or "")


def test_a_missing_index_is_built_by_the_worker(double: MeilisearchDouble) -> None:
    with pytest.raises(IndexMissingError) as caught:
        build_engine(double).ping()
    assert "worker rebuilds" in (caught.value.hint or "")


def test_a_broken_server_is_unavailable(double: MeilisearchDouble) -> None:
    engine = build_engine(double)
    engine.setup()
    double.is_broken = True
    for act in (engine.ping, engine.count, lambda: engine.search(SLACK)):
        with pytest.raises(SearchUnavailableError):
            act()
    with pytest.raises(SearchUnavailableError):
        engine.index(CATALOG)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1", "127.0.0.1:1 does not respond: no connection"),
        ("http://user:geheim@127.0.0.1:1", "at 127.0.0.1:1 does not respond"),
        ("http://host.invalid", "host.invalid does not respond"),
        ("127.0.0.1", "must start with http://"),
        ("http://[", "does not respond"),
    ],
)
def test_no_server_leads_to_the_url(url: str, reason: str) -> None:
    with pytest.raises(SearchUnavailableError) as caught:
        MeilisearchEngine(url=url, key="", index="plugins").ping()
    assert reason in caught.value.detail
    assert "PLUGPORT_MEILI_URL" in (caught.value.hint or "")
    assert "geheim" not in caught.value.detail


def test_another_server_leads_to_the_url(double: MeilisearchDouble) -> None:
    """The double knows no such path, like another server behind the URL."""
    double.is_other_server = True
    with pytest.raises(SearchUnavailableError, match="HTTP 404") as caught:
        build_engine(double).ping()
    assert "address of a Meilisearch" in (caught.value.hint or "")


def test_a_server_that_does_not_answer_is_given_up(double: MeilisearchDouble) -> None:
    engine = build_engine(double)
    engine.setup()
    double.wait = threading.Event()
    with pytest.raises(SearchUnavailableError):
        engine.search(SLACK)


def test_an_old_server_raises(double: MeilisearchDouble) -> None:
    engine = build_engine(double)
    for version in ("1.9.0", "0.30.5"):
        double.version = version
        for act in (engine.setup, lambda: engine.rebuild(CATALOG), engine.ping):
            with pytest.raises(EngineTooOldError, match=f"{version}, but 1.10 or later") as caught:
                act()
            assert "1.50.0 was tested" in (caught.value.hint or "")
    double.version = "1.10.0-rc.1"
    engine.setup()


@pytest.mark.parametrize("key", ["geheim\nschlüssel", "geheim\r\nX: y", "geheim\x00", "geheimß"])
def test_a_key_that_cannot_be_sent_is_not_shown(double: MeilisearchDouble, key: str) -> None:
    with pytest.raises(SearchUnavailableError) as caught:
        build_engine(double, key).ping()
    assert "geheim" not in caught.value.detail


def test_spaces_around_a_key_do_not_matter(double: MeilisearchDouble) -> None:
    build_engine(double, f"{KEY}\n").setup()
    # Only requests with the right key reach the index.
    build_engine(double).ping()


def test_compose_file_and_documentation_name_the_tested_version() -> None:
    root = Path(__file__).parents[2]
    compose = (root / "docker-compose.yml").read_text(encoding="utf-8")
    assert f"getmeili/meilisearch:v{TESTED_VERSION}\n" in compose
    documentation = (root / "docs" / "search.md").read_text(encoding="utf-8")
    oldest = ".".join(map(str, MIN_VERSION))
    assert f"version {oldest} or later; {TESTED_VERSION} was tested" in documentation
