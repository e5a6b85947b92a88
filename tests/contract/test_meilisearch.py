"""The Meilisearch engine keeps the contract: on a real server at `MEILI_URL`, else on a stand-in."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator

import pytest
import requests

from marketplace.search.engines.meilisearch import MeilisearchEngine
from marketplace.search.engines.meilisearch.settings import SETTINGS
from marketplace.search.errors import IndexMissingError, SearchUnavailableError
from marketplace.search.query import SearchQuery
from tests.contract.search_engine import CATALOGUE, SearchEngineContract
from tests.support.meili_fake import KEY, MeiliFake, run_meili_fake

SLACK = SearchQuery("slack")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, str]]:
    """Address and key of a server."""
    if url := os.environ.get("MEILI_URL"):
        yield url, os.environ.get("MEILI_KEY", "")
        return
    with run_meili_fake() as fake:
        yield fake.url, KEY


@pytest.fixture
def fake() -> Iterator[MeiliFake]:
    with run_meili_fake() as fake:
        yield fake


class TestMeilisearchEngine(SearchEngineContract):
    @pytest.fixture
    def empty_engine(self, server: tuple[str, str]) -> Iterator[MeilisearchEngine]:
        """An index of its own, removed at the end."""
        url, key = server
        name = f"test-{uuid.uuid4().hex}"
        yield MeilisearchEngine(url=url, key=key, index=name)
        headers = {"Authorization": f"Bearer {key}"}
        for uid in (f"{name}-v2", f"{name}-v2-next"):
            requests.delete(f"{url}/indexes/{uid}", headers=headers, timeout=10)

    def test_no_index_is_said_so(self, empty_engine: MeilisearchEngine) -> None:
        for act in (empty_engine.ping, empty_engine.count, lambda: empty_engine.search(SLACK)):
            with pytest.raises(IndexMissingError):
                act()

    def test_one_request_answers_a_search(self, empty_engine: MeilisearchEngine) -> None:
        empty_engine.rebuild(CATALOGUE)
        filtered = SearchQuery("slack", filters={"type": "bridge"}, has_open_facets=True)
        assert empty_engine.search(filtered).facets["type"] == {"service": 3, "bridge": 1}


def make_engine(fake: MeiliFake, key: str = KEY) -> MeilisearchEngine:
    return MeilisearchEngine(url=fake.url, key=key, index="plugins")


def test_settings_are_in_force_after_a_rebuild_and_a_setup(fake: MeiliFake) -> None:
    engine = make_engine(fake)
    engine.setup()
    assert fake.indexes["plugins-v2"].settings == SETTINGS
    fake.indexes["plugins-v2"].settings["stopWords"] = []
    engine.setup()
    assert fake.indexes["plugins-v2"].settings == SETTINGS
    engine.rebuild(CATALOGUE)
    assert fake.indexes["plugins-v2"].settings == SETTINGS
    assert list(fake.indexes) == ["plugins-v2"]


def test_a_wrong_key_is_said_so(fake: MeiliFake) -> None:
    with pytest.raises(SearchUnavailableError, match="key"):
        make_engine(fake, "wrong").ping()


def test_a_broken_server_is_unavailable(fake: MeiliFake) -> None:
    engine = make_engine(fake)
    engine.rebuild(CATALOGUE)
    fake.is_broken = True
    for act in (engine.ping, engine.count, lambda: engine.search(SLACK)):
        with pytest.raises(SearchUnavailableError):
            act()
    with pytest.raises(SearchUnavailableError):
        engine.index(CATALOGUE)


def test_no_server_is_unavailable(fake: MeiliFake) -> None:
    engine = MeilisearchEngine(url="http://127.0.0.1:1", key="", index="plugins")
    with pytest.raises(SearchUnavailableError):
        engine.ping()


def test_a_server_that_does_not_answer_is_given_up(fake: MeiliFake) -> None:
    engine = make_engine(fake)
    engine.rebuild(CATALOGUE)
    fake.wait = threading.Event()
    with pytest.raises(SearchUnavailableError):
        engine.search(SLACK)


def test_failed_tasks_are_said_so(fake: MeiliFake) -> None:
    engine = make_engine(fake)
    engine.rebuild(CATALOGUE)
    fake.indexes["plugins-v2"].settings["filterableAttributes"] = []
    with pytest.raises(SearchUnavailableError, match="documentDeletion"):
        engine.remove([1])
