"""The Meilisearch engine keeps the contract: on a real server at `MEILI_URL`, else on a stand-in."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator

import pytest
import requests

from marketplace.search.document import SearchDocument
from marketplace.search.engines.meilisearch import MeilisearchEngine
from marketplace.search.engines.meilisearch.settings import SETTINGS, VERSION
from marketplace.search.errors import (
    IndexBusyError,
    IndexMissingError,
    SearchUnavailableError,
)
from marketplace.search.query import SearchQuery
from tests.contract.search_documents import CATALOGUE, make_document
from tests.contract.search_engine import SearchEngineContract
from tests.support.meili_fake import KEY, MeiliFake, run_meili_fake

SLACK = SearchQuery("slack")
INDEX = f"plugins-v{VERSION}"


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
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        for uid in (f"{name}-v{VERSION}", f"{name}-v{VERSION}-next"):
            requests.delete(f"{url}/indexes/{uid}", headers=headers, timeout=10)

    def test_no_index_is_said_so(self, empty_engine: MeilisearchEngine) -> None:
        for act in (empty_engine.ping, empty_engine.count, lambda: empty_engine.search(SLACK)):
            with pytest.raises(IndexMissingError):
                act()

    def test_one_request_answers_a_search(self, empty_engine: MeilisearchEngine) -> None:
        empty_engine.rebuild(CATALOGUE)
        filtered = SearchQuery("slack", filters={"type": "bridge"}, has_open_facets=True)
        assert empty_engine.search(filtered).facets["type"] == {"service": 3, "bridge": 1}

    def test_an_index_that_others_made_is_not_ours(self, empty_engine: MeilisearchEngine) -> None:
        """The server makes one by itself for documents, without settings."""
        empty_engine.index(CATALOGUE)
        with pytest.raises(IndexMissingError):
            empty_engine.ping()
        empty_engine.rebuild(CATALOGUE)
        empty_engine.ping()
        assert empty_engine.search(SLACK).total == 4

    @pytest.mark.parametrize(
        "value",
        ["MIT", "mit", " mit", "ﬁle", "a\\b", "a\\", 'a"b', 'a\\"b', "\\n", "a\nb", "x" * 200],
    )
    def test_values_are_told_apart(self, empty_engine: MeilisearchEngine, value: str) -> None:
        others = ["MIT", "Mit", "mit", "file", "a/b", "b", "\n", "n", "x" * 199]
        others.remove(value) if value in others else None
        licences = [value, *others]
        empty_engine.rebuild(
            make_document(n, f"p{n}", license=text) for n, text in enumerate(licences, 1)
        )
        page = empty_engine.search(SearchQuery(filters={"license": value}))
        assert page.ids == (1,)
        assert page.facets["license"] == {value[:100]: 1}
        assert sum(empty_engine.search(SearchQuery()).facets["license"].values()) == len(licences)

    def test_rebuilding_takes_nothing_back_that_others_wrote(
        self, empty_engine: MeilisearchEngine
    ) -> None:
        """A process that slept so long that another took its place."""
        empty_engine.rebuild(CATALOGUE)

        def read() -> Iterator[SearchDocument]:
            yield from CATALOGUE[:2]
            empty_engine.index([make_document(9, "newcomer")])

        with pytest.raises(IndexBusyError):
            empty_engine.rebuild(read())
        assert empty_engine.count() == len(CATALOGUE) + 1
        assert empty_engine.rebuild(CATALOGUE) == len(CATALOGUE)

    def test_values_that_begin_nearly_so_are_not_found(
        self, empty_engine: MeilisearchEngine
    ) -> None:
        empty_engine.rebuild(CATALOGUE)
        assert empty_engine.facet_search("tag", "slakc", SearchQuery()) == []
        assert empty_engine.facet_search("license", "apache", SearchQuery()) == [("Apache-2.0", 1)]

    def test_values_of_what_has_some_of_the_words(self, empty_engine: MeilisearchEngine) -> None:
        """They are those that the page counts."""
        empty_engine.rebuild(CATALOGUE)
        query = SearchQuery("quaternions discord")
        assert empty_engine.search(query).facets["tag"] == {"chat": 1, "discord": 1}
        assert empty_engine.facet_search("tag", "ch", query) == [("chat", 1)]
        for text in ("quaternions hyperbole", "…"):
            assert empty_engine.facet_search("tag", "ch", SearchQuery(text)) == []

    @pytest.mark.parametrize(
        ("text", "ids"),
        [("plugin", (2,)), ("the plugin", (2,)), ("the", ()), ("mark the", (1,)), ("a mark", (1,))],
    )
    def test_words_that_say_nothing(
        self, empty_engine: MeilisearchEngine, text: str, ids: tuple[int, ...]
    ) -> None:
        empty_engine.rebuild(
            [make_document(1, "mark", title="Mark for a page"), make_document(2, "plugin")]
        )
        assert empty_engine.search(SearchQuery(text)).ids == ids

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("quaternions discord", {2}),
            ("discord quaternions", {2}),
            ("discord kubernetes", {2, 6}),
            ("old quaternions conversations", {5}),
            ("discord quaternions hyperbole", {2}),
            ("carries flags", {4}),
        ],
    )
    def test_any_word_may_be_missing(
        self, empty_engine: MeilisearchEngine, text: str, first: set[int]
    ) -> None:
        """The best result is that of the words that are left, alike on every page."""
        empty_engine.rebuild(CATALOGUE)
        pages = [empty_engine.search(SearchQuery(text, limit=1, page=n)) for n in (1, 2)]
        assert pages[0].ids[0] in first
        assert all(page.is_partial for page in pages)
        assert pages[0].total == pages[1].total

    @pytest.mark.parametrize("text", ["opena", "openai", "snake ca", "snake case", "v1.2", "creme"])
    def test_words_are_cut_as_everywhere_here(
        self, empty_engine: MeilisearchEngine, text: str
    ) -> None:
        empty_engine.rebuild(
            [
                make_document(1, "one", title="OpenAI", description="snake_case v1.2 Crème"),
                make_document(2, "two", description="Open a snake case."),
            ]
        )
        assert empty_engine.search(SearchQuery(text)).ids[0] == 1


def make_engine(fake: MeiliFake, key: str = KEY) -> MeilisearchEngine:
    return MeilisearchEngine(url=fake.url, key=key, index="plugins")


def test_settings_are_in_force_after_a_rebuild_and_a_setup(fake: MeiliFake) -> None:
    engine = make_engine(fake)
    engine.setup()
    assert fake.indexes[INDEX].settings == SETTINGS
    fake.indexes[INDEX].settings["synonyms"] = {}
    engine.setup()
    assert fake.indexes[INDEX].settings == SETTINGS
    engine.rebuild(CATALOGUE)
    assert fake.indexes[INDEX].settings == SETTINGS
    assert list(fake.indexes) == [INDEX]


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
    fake.indexes[INDEX].settings["filterableAttributes"] = []
    with pytest.raises(SearchUnavailableError, match="documentDeletion"):
        engine.remove([1])


def test_an_old_server_is_said_so(fake: MeiliFake) -> None:
    engine = make_engine(fake)
    for version in ("1.9.0", "0.30.5"):
        fake.version = version
        for act in (engine.setup, lambda: engine.rebuild(CATALOGUE)):
            with pytest.raises(SearchUnavailableError, match=f"{version} is too old: 1.10"):
                act()
    fake.version = "1.10.0-rc.1"
    engine.setup()


@pytest.mark.parametrize("key", ["geheim\nschlüssel", "geheim\r\nX: y", "geheim\x00", "geheimß"])
def test_a_key_that_cannot_be_sent_is_not_shown(fake: MeiliFake, key: str) -> None:
    with pytest.raises(SearchUnavailableError) as caught:
        make_engine(fake, key).ping()
    assert "geheim" not in caught.value.detail


def test_blanks_around_a_key_do_not_matter(fake: MeiliFake) -> None:
    make_engine(fake, f"{KEY}\n").setup()


def test_an_index_that_stays_behind_harms_nothing(fake: MeiliFake) -> None:
    """Some servers cannot remove an index that was swapped."""
    engine = make_engine(fake)
    engine.rebuild(CATALOGUE)
    fake.keeps_swapped = True
    assert engine.rebuild(CATALOGUE) == len(CATALOGUE)
    assert engine.search(SLACK).total == 4
    fake.keeps_swapped = False
    engine.rebuild(CATALOGUE[:1])
    assert (list(fake.indexes), engine.count()) == ([INDEX], 1)
