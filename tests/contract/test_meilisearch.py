"""The contract of the Meilisearch engine, with a server at `MEILI_URL` or recorded responses."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator

import pytest
import requests

from marketplace.search.document import SearchDocument
from marketplace.search.engines.meilisearch import MeilisearchEngine
from marketplace.search.engines.meilisearch.settings import (
    POSITION_SUFFIX,
    SETTINGS,
    VERSION,
)
from marketplace.search.errors import (
    IndexBusyError,
    IndexMissingError,
    SearchUnavailableError,
)
from marketplace.search.query import SearchQuery
from tests.contract.index_position import PositionContract
from tests.contract.search_documents import CATALOG, build_document
from tests.contract.search_engine import GetSharedEngine, SearchEngineContract, SuggestionContract
from tests.contract.signed_names import LANGUAGES, SignedNamesContract
from tests.support.data import shared_data
from tests.support.meilisearch_double import (
    KEY,
    MeilisearchDouble,
    load_recordings,
    run_meilisearch_double,
)
from tests.support.recorded_forms import FORM_SUFFIX

SLACK = SearchQuery("slack")
INDEX = f"plugins-v{VERSION}"


@pytest.fixture(scope="module")
def recorded_server() -> Iterator[MeilisearchDouble | None]:
    """A double with recorded responses, or None if there is a server at `MEILI_URL`."""
    if os.environ.get("MEILI_URL"):
        yield None
        return
    recordings = load_recordings(shared_data("meilisearch", "searches.jsonl"))
    with run_meilisearch_double(recordings) as double:
        yield double


@pytest.fixture(scope="module")
def build_empty_engine(
    recorded_server: MeilisearchDouble | None,
) -> Iterator[Callable[[], MeilisearchEngine]]:
    """Build an engine whose index on a real server is deleted at the end."""
    if recorded_server:
        url, key = recorded_server.url, KEY
    else:
        url, key = os.environ["MEILI_URL"], os.environ.get("MEILI_KEY", "")
    names: list[str] = []

    def build() -> MeilisearchEngine:
        names.append(f"test-{uuid.uuid4().hex}")
        return MeilisearchEngine(url=url, key=key, index=names[-1])

    yield build
    if recorded_server:
        return
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    for name in names:
        for suffix in ("", "-next", POSITION_SUFFIX, f"-next{POSITION_SUFFIX}"):
            uid = f"{name}-v{VERSION}{suffix}"
            requests.delete(f"{url}/indexes/{uid}", headers=headers, timeout=10)


@pytest.fixture
def double() -> Iterator[MeilisearchDouble]:
    with run_meilisearch_double() as double:
        yield double
        assert not double.unrecorded


class TestMeilisearchEngine(SearchEngineContract):
    @pytest.fixture(autouse=True)
    def _all_searches_were_recorded(
        self, recorded_server: MeilisearchDouble | None
    ) -> Iterator[None]:
        yield
        if recorded_server:
            unrecorded = [*recorded_server.unrecorded]
            recorded_server.unrecorded.clear()
            assert not unrecorded

    def test_a_missing_index_raises(self, empty_engine: MeilisearchEngine) -> None:
        for act in (empty_engine.ping, empty_engine.count, lambda: empty_engine.search(SLACK)):
            with pytest.raises(IndexMissingError):
                act()

    def test_one_request_answers_a_search(self, catalog: MeilisearchEngine) -> None:
        filtered = SearchQuery("slack", filters={"type": "bridge"}, has_open_facets=True)
        assert catalog.search(filtered).facets["type"] == {"service": 3, "bridge": 1}

    def test_an_index_without_our_settings_counts_as_missing(
        self, empty_engine: MeilisearchEngine
    ) -> None:
        """For documents without an index the server creates one without settings."""
        empty_engine.index(CATALOG)
        with pytest.raises(IndexMissingError):
            empty_engine.ping()
        empty_engine.rebuild(CATALOG)
        empty_engine.ping()
        assert empty_engine.search(SLACK).total == 4

    @pytest.mark.parametrize(
        "value",
        ["MIT", "mit", " mit", "ﬁle", "a\\b", "a\\", 'a"b', 'a\\"b', "\\n", "a\nb", "x" * 200],
    )
    def test_similar_values_are_distinct(self, empty_engine: MeilisearchEngine, value: str) -> None:
        others = ["MIT", "Mit", "mit", "file", "a/b", "b", "\n", "n", "x" * 199]
        others.remove(value) if value in others else None
        licenses = [value, *others]
        empty_engine.setup()
        empty_engine.index(
            [build_document(n, f"p{n}", license=text) for n, text in enumerate(licenses, 1)]
        )
        page = empty_engine.search(SearchQuery(filters={"license": value}))
        assert page.ids == (1,)
        assert page.facets["license"] == {value[:100]: 1}
        assert sum(empty_engine.search(SearchQuery()).facets["license"].values()) == len(licenses)

    def test_a_rebuild_does_not_undo_writes_of_others(
        self, empty_engine: MeilisearchEngine
    ) -> None:
        """For example after a process was suspended and another one took over the lease."""
        empty_engine.rebuild(CATALOG)

        def read() -> Iterator[SearchDocument]:
            yield from CATALOG[:2]
            empty_engine.index([build_document(9, "newcomer")])

        with pytest.raises(IndexBusyError):
            empty_engine.rebuild(read())
        assert empty_engine.count() == len(CATALOG) + 1
        assert empty_engine.rebuild(CATALOG) == len(CATALOG)

    def test_facets_count_plugins_with_some_of_the_words(self, catalog: MeilisearchEngine) -> None:
        page = catalog.search(SearchQuery("quaternions discord"))
        assert page.facets["tag"] == {"chat": 1, "discord": 1}

    @pytest.mark.parametrize(
        ("text", "ids"),
        [("plugin", (2,)), ("the plugin", (2,)), ("the", ()), ("mark the", (1,)), ("a mark", (1,))],
    )
    def test_stop_words(
        self, get_shared_engine: GetSharedEngine, text: str, ids: tuple[int, ...]
    ) -> None:
        engine = get_shared_engine(
            [build_document(1, "mark", title="Mark for a page"), build_document(2, "plugin")]
        )
        assert engine.search(SearchQuery(text)).ids == ids

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
        self, catalog: MeilisearchEngine, text: str, first: set[int]
    ) -> None:
        """Every page has the results of the same remaining words: those with the best result."""
        pages = [catalog.search(SearchQuery(text, limit=1, page=n)) for n in (1, 2)]
        assert pages[0].ids[0] in first
        assert all(page.is_partial for page in pages)
        assert pages[0].total == pages[1].total

    @pytest.mark.parametrize("text", ["opena", "openai", "snake ca", "snake case", "v1.2", "creme"])
    def test_words_are_split_as_in_the_other_engine(
        self, get_shared_engine: GetSharedEngine, text: str
    ) -> None:
        engine = get_shared_engine(
            [
                build_document(1, "one", title="OpenAI", description="snake_case v1.2 Crème"),
                build_document(2, "two", description="Open a snake case."),
            ]
        )
        assert engine.search(SearchQuery(text)).ids[0] == 1


class TestMeilisearchPosition(PositionContract):
    pass


@pytest.mark.meilisearch
class TestMeilisearchSuggestions(SuggestionContract):
    """Suggestions and searches for values of facets were not recorded."""

    def test_facet_values_with_typing_errors_are_not_found(
        self, catalog: MeilisearchEngine
    ) -> None:
        assert catalog.facet_search("tag", "slakc", SearchQuery()) == []
        assert catalog.facet_search("license", "apache", SearchQuery()) == [("Apache-2.0", 1)]

    def test_facet_values_of_plugins_with_some_of_the_words(
        self, catalog: MeilisearchEngine
    ) -> None:
        """They are the values that the page counts."""
        query = SearchQuery("quaternions discord")
        assert catalog.facet_search("tag", "ch", query) == [("chat", 1)]
        for text in ("quaternions hyperbole", "…"):
            assert catalog.facet_search("tag", "ch", SearchQuery(text)) == []


@pytest.mark.meilisearch
class TestMeilisearchSignedNames(SignedNamesContract):
    """These searches were not recorded."""


def test_names_with_signs_are_sent_as_words(double: MeilisearchDouble) -> None:
    """Documents and searches have the same words, without signs that the server would remove."""
    engine = build_engine(double)
    engine.rebuild(LANGUAGES)
    documents = double.indexes[INDEX].documents
    assert documents[2]["description"] == "lints cpp sources"
    assert documents[2]["topics"][0] == "cpp"
    assert documents[4]["title"] == "fsharp tools"
    assert documents[5]["description"] == "builds dotnet net and asp dotnet net projects"
    assert documents[6]["description"] == "runs nodejs node js in version 20 1"
    double.canned += [{"hits": [], "totalHits": 0, "facetDistribution": {}}] * 20
    for text in ("C++", "F#", ".NET"):
        engine.search(SearchQuery(text))
    engine.suggest("C#", 10, frozenset())
    sent = [search["q"] for search in double.searches]
    assert sent == ["cpp", "fsharp", "dotnet", "csharp"]
    assert engine.search(SearchQuery("++")).ids == ()
    assert len(double.searches) == len(sent)


def test_documents_have_other_forms_of_their_words(double: MeilisearchDouble) -> None:
    """Meilisearch compares words as they are written; its typing errors would rank lower."""
    engine = build_engine(double)
    document = build_document(
        1,
        "@acme/webhook-bridges",
        title="Query planner",
        description="Checks links of WordPress.",
        tags=("rate-limits",),
    )
    engine.rebuild([document])
    stored = double.indexes[INDEX].documents[1]
    # Singular and plural, the participle, and the parts of a compound.
    assert {"bridge", "bridging", "queries", "planners", "web", "hook", "hooks"} <= {
        *stored["name_forms"]
    }
    assert {"rate", "limit", "ratelimits"} & {*stored["topic_forms"]} == {"limit", "ratelimits"}
    assert {"check", "link", "press", "word"} <= {*stored["text_forms"]}
    # The words themselves stay where they are, without additions.
    assert stored["short_name"] == "webhook bridges"
    searched = double.indexes[INDEX].settings["searchableAttributes"]
    for forms, words in (
        ("name_forms", "title"),
        ("topic_forms", "topics"),
        ("text_forms", "description"),
    ):
        assert searched.index(forms) > searched.index(words)


def build_engine(double: MeilisearchDouble, key: str = KEY) -> MeilisearchEngine:
    return MeilisearchEngine(url=double.url, key=key, index="plugins")


def test_answers_were_recorded_with_our_settings() -> None:
    """Except for the forms of words, which `recorded_forms` compares for each answer."""
    recorded = json.loads(shared_data("meilisearch", "settings.json").read_text())
    attributes = [n for n in SETTINGS["searchableAttributes"] if not n.endswith(FORM_SUFFIX)]
    expected = {**SETTINGS, "searchableAttributes": attributes}
    assert {name: recorded[name] for name in SETTINGS} == expected


def test_suggestions_search_names_and_exclude_hidden_plugins(double: MeilisearchDouble) -> None:
    engine = build_engine(double)
    engine.setup()
    double.reply(1, 7, 5)
    assert engine.suggest("Slakc", 10, frozenset({4, 3})) == [1, 7, 5]
    assert double.searches == [
        {
            "q": "slakc",
            "limit": 10,
            "attributesToSearchOn": ["short_name", "title", "wholes"],
            "attributesToRetrieve": ["id"],
            "matchingStrategy": "all",
            "locales": ["eng"],
            "filter": ["id NOT IN [3, 4]"],
        }
    ]
    assert engine.suggest("@", 10, frozenset()) == []
    assert len(double.searches) == 1


def test_values_of_facets_are_searched_without_typing_errors(double: MeilisearchDouble) -> None:
    engine = build_engine(double)
    engine.setup()
    values = [("sql", 1), ("slack", 2), ("scale", 1)]
    found = {"facetHits": [{"value": value, "count": count} for value, count in values]}
    double.canned = [found, found]
    query = SearchQuery("chat", filters={"tag": "chat", "type": "bridge"})
    assert engine.facet_search("tag", " S ", query) == [("slack", 2), ("scale", 1), ("sql", 1)]
    assert engine.facet_search("tag", "slakc", query) == []
    assert double.searches[0] == {
        "facetName": "tags",
        "facetQuery": "S",
        "q": "chat",
        "filter": ['kind = "bridge"'],
        "matchingStrategy": "all",
        "locales": ["eng"],
    }


def test_values_are_those_of_the_words_that_match(double: MeilisearchDouble) -> None:
    """Like the counts of the page, where no plugin has all words."""
    engine = build_engine(double)
    engine.setup()
    best = {"hits": [{"id": 2, "_rankingScore": 0.9}], "totalHits": 1}
    double.reply()
    double.reply()
    double.canned += [best, {"facetHits": [{"value": "chat", "count": 1}]}]
    assert engine.facet_search("tag", "ch", SearchQuery("quaternions discord")) == [("chat", 1)]
    assert [search["q"] for search in double.searches] == [
        "quaternions discord",
        "quaternions",
        "discord",
        "discord",
    ]


def test_settings_are_in_force_after_a_rebuild_and_a_setup(double: MeilisearchDouble) -> None:
    engine = build_engine(double)
    engine.setup()
    assert double.indexes[INDEX].settings == SETTINGS
    double.indexes[INDEX].settings["synonyms"] = {}
    engine.setup()
    assert double.indexes[INDEX].settings == SETTINGS
    engine.rebuild(CATALOG)
    assert double.indexes[INDEX].settings == SETTINGS
    assert set(double.indexes) == {INDEX, f"{INDEX}{POSITION_SUFFIX}"}


def test_failed_tasks_raise(double: MeilisearchDouble) -> None:
    engine = build_engine(double)
    engine.setup()
    double.indexes[INDEX].settings["filterableAttributes"] = []
    with pytest.raises(SearchUnavailableError, match="documentDeletion"):
        engine.remove([1])


def test_an_old_index_that_is_not_deleted_is_ignored(double: MeilisearchDouble) -> None:
    """Some servers fail to delete an index that was swapped."""
    engine = build_engine(double)
    engine.rebuild(CATALOG)
    double.keeps_indexes = True
    assert engine.rebuild(CATALOG) == len(CATALOG)
    assert engine.count() == len(CATALOG)
    double.keeps_indexes = False
    engine.rebuild(CATALOG[:1])
    assert set(double.indexes) == {INDEX, f"{INDEX}{POSITION_SUFFIX}"}
    assert engine.count() == 1
