"""The contract of search engines. The test module of each subclasses both classes."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from marketplace.search.document import SearchDocument
from marketplace.search.engines.base import SearchEngine
from marketplace.search.query import FACETS, SearchQuery
from tests.contract.search_documents import CATALOG, IDS, RUNS, build_document


class Interruption(Exception):  # noqa: N818 -- not an error of the engine
    """Raised while the documents are read."""


# Takes the documents to build an index of, and any number of batches to index afterward.
GetSharedEngine: TypeAlias = Callable[..., SearchEngine]


class Fixtures:
    """Their modules define the fixture `build_empty_engine`, for engines without an index."""

    @pytest.fixture
    def empty_engine(self, build_empty_engine: Callable[[], SearchEngine]) -> SearchEngine:
        """An engine without an index."""
        return build_empty_engine()

    @pytest.fixture
    def engine(self, empty_engine: SearchEngine) -> SearchEngine:
        """An engine with the documents of `CATALOG`, for tests that write."""
        empty_engine.rebuild(CATALOG)
        return empty_engine

    @pytest.fixture
    def catalog(self, get_shared_engine: GetSharedEngine) -> SearchEngine:
        """An engine with the documents of `CATALOG`, for tests that only read."""
        return get_shared_engine(CATALOG)

    @pytest.fixture
    def runs(self, get_shared_engine: GetSharedEngine) -> SearchEngine:
        """An engine with the documents of `RUNS`, for tests that only read."""
        return get_shared_engine(RUNS)


class SearchEngineContract(Fixtures):
    """Searches and writes."""

    # ---- words -----------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("slack-bridge", "@ar/slack-bridge"),
            ("@ar/slack-bridge", "@ar/slack-bridge"),
            ("Slack Bridge", "@ar/slack-bridge"),
            ("SLACK for agents", "@ar/slack-bridge"),
            ("postgres", "postgres-storage"),
            ("discord", "@ar/discord-bridge"),
            ("feature flags", "feature-flags"),
            ("grace slack", "@grace/slack-archive"),
            ("sessions database", "postgres-storage"),
            ("slacken", "slacken"),
        ],
    )
    def test_finds_names_titles_texts_scopes(
        self, catalog: SearchEngine, text: str, first: str
    ) -> None:
        assert catalog.search(SearchQuery(text)).ids[0] == IDS[first]

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("sla", "@ar/slack-bridge"),
            ("slack-br", "@ar/slack-bridge"),
            ("postg", "postgres-storage"),
            ("kube", "kubernetes-deploy"),
            ("feature fl", "feature-flags"),
        ],
    )
    def test_finds_while_typing(self, catalog: SearchEngine, text: str, first: str) -> None:
        assert catalog.search(SearchQuery(text)).ids[0] == IDS[first]

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("b", "@ar/slack-bridge"),
            ("B", "@ar/discord-bridge"),
            ("a", "@grace/slack-archive"),
            ("slack b", "@ar/slack-bridge"),
            ("feature f", "feature-flags"),
        ],
    )
    def test_finds_from_the_first_letter_on(
        self, catalog: SearchEngine, text: str, name: str
    ) -> None:
        page = catalog.search(SearchQuery(text))
        assert IDS[name] in page.ids
        assert not page.is_partial
        assert page.facets["type"]

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("slakc brigde", "@ar/slack-bridge"),
            ("dicsord", "@ar/discord-bridge"),
            ("postgers", "postgres-storage"),
            ("kuberentes", "kubernetes-deploy"),
            ("featrue flags", "feature-flags"),
        ],
    )
    def test_tolerates_typing_errors(self, catalog: SearchEngine, text: str, first: str) -> None:
        assert catalog.search(SearchQuery(text)).ids[0] == IDS[first]

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("slackbridge", "@ar/slack-bridge"),
            ("post gres", "postgres-storage"),
            ("featureflags", "feature-flags"),
            ("discords", "@ar/discord-bridge"),
            ("k8s", "kubernetes-deploy"),
        ],
    )
    def test_joins_splits_plurals_synonyms(
        self, catalog: SearchEngine, text: str, first: str
    ) -> None:
        assert catalog.search(SearchQuery(text)).ids[0] == IDS[first]

    @pytest.mark.parametrize(
        ("text", "ids"),
        [
            ("文章", {1}),
            ("ツール", {1, 2}),
            ("ツー", {1, 2}),
            ("検索", {1, 2}),
            ("文章作成", {1}),
            ("サーバーの検索", {1}),
            ("検索ツール", {2}),
            ("mcp", {1}),
            ("mcp 検索", {1}),
            ("文章 対応", {1}),
            ("ﾂｰﾙ", {1, 2}),
            ("ガイド", {2}),
            ("黒", {2}),
            ("猫 検索", {2}),
            ("搜索插件", {3}),
            ("全文搜索", {3}),
            ("검색", {4}),
            ("플러그인", {4}),
            ("𠮷野", {3}),
        ],
    )
    def test_finds_words_in_runs_without_blanks(
        self, runs: SearchEngine, text: str, ids: set[int]
    ) -> None:
        """At any position of a sentence, in scripts without spaces between words."""
        page = runs.search(SearchQuery(text))
        assert set(page.ids) == ids
        assert not page.is_partial

    @pytest.mark.parametrize("text", ["章文", "東京", "東", "京都府"])
    def test_other_letters_are_other_words(self, runs: SearchEngine, text: str) -> None:
        assert runs.search(SearchQuery(text)).ids == ()

    def test_a_pair_of_letters_is_no_word(self, runs: SearchEngine) -> None:
        """Almost any two long runs have a pair in common."""
        assert runs.search(SearchQuery("地図のメール")).ids == ()
        page = runs.search(SearchQuery("writer 地図のメール"))
        assert (page.ids, page.is_partial) == ((1,), True)

    def test_a_run_in_a_name_comes_first(self, runs: SearchEngine) -> None:
        for text in ("検索", "検索ツール"):
            assert runs.search(SearchQuery(text)).ids[0] == 2

    def test_a_plural_finds_every_one(self, catalog: SearchEngine) -> None:
        bridges = {IDS["@ar/slack-bridge"], IDS["@ar/discord-bridge"]}
        assert set(catalog.search(SearchQuery("bridges")).ids) == bridges

    def test_all_words_must_be_there(self, catalog: SearchEngine) -> None:
        page = catalog.search(SearchQuery("slack conversations"))
        assert page.ids == (IDS["@grace/slack-archive"],)
        assert not page.is_partial

    def test_most_words_are_better_than_nothing(self, catalog: SearchEngine) -> None:
        page = catalog.search(SearchQuery("discord quaternions"))
        assert page.is_partial
        assert page.ids[0] == IDS["@ar/discord-bridge"]

    @pytest.mark.parametrize("text", ["name:slack", "name slack", "slack name"])
    def test_a_word_as_it_is_comes_before_errors_in_each(
        self, get_shared_engine: GetSharedEngine, text: str
    ) -> None:
        """`name slack` matches `nave` and `stack` if both words are taken for typing errors."""
        builder = build_document(9, "builder", description="Puts a nave on a stack.")
        register = build_document(10, "register", description="Gives everything a name.")
        engine = get_shared_engine(CATALOG, [builder], [register])
        page = engine.search(SearchQuery(text))
        assert page.ids[0] == IDS["@ar/slack-bridge"]
        assert page.is_partial
        assert engine.search(SearchQuery("nvae stakc")).ids == (9,)

    @pytest.mark.parametrize("text", ["slakc bridge", "slack brigde", "brigde slack"])
    def test_errors_in_all_words_but_one_are_tolerated(
        self, get_shared_engine: GetSharedEngine, text: str
    ) -> None:
        slick = build_document(9, "slick-bride", description="Black and brine.")
        engine = get_shared_engine(CATALOG, [slick])
        page = engine.search(SearchQuery(text))
        assert page.ids[0] == IDS["@ar/slack-bridge"]
        assert not page.is_partial

    @pytest.mark.parametrize("text", ["quaternions", "_", "…", "@", "🦆"])
    def test_missing_words_find_nothing(self, catalog: SearchEngine, text: str) -> None:
        page = catalog.search(SearchQuery(text))
        assert (page.ids, page.total) == ((), 0)
        assert all(not counts for counts in page.facets.values())

    @pytest.mark.parametrize(
        "text",
        [
            '"slack',
            "slack AND (OR NOT",
            "name:slack",
            "-slack",
            "slack*",
            "slack~2^9",
            "sl\\ack",
            "a" * 200,
            "slack " * 40,
            "\x01\ufffe",
            "中文搜索",
            "/[a-z]+/",
        ],
    )
    def test_no_text_is_an_order_or_an_error(self, catalog: SearchEngine, text: str) -> None:
        assert catalog.search(SearchQuery(text)).total <= len(CATALOG)

    # ---- order -----------------------------------------------------------------------------------

    def test_names_come_before_texts_whatever_is_popular(self, catalog: SearchEngine) -> None:
        ids = catalog.search(SearchQuery("slack")).ids
        assert ids[:2] == (IDS["@ar/slack-bridge"], IDS["@grace/slack-archive"])
        assert IDS["mail-notes"] in ids[2:]

    def test_trust_decides_among_equals(self, empty_engine: SearchEngine) -> None:
        levels = ["untrusted", "community", "official", "experimental", "verified"]
        empty_engine.rebuild(
            build_document(n, f"@s{n}/twin", description="Equal.", trust=level)
            for n, level in enumerate(levels, 1)
        )
        assert empty_engine.search(SearchQuery("twin")).ids == (3, 5, 2, 4, 1)

    def test_downloads_decide_among_the_equally_trusted(self, empty_engine: SearchEngine) -> None:
        empty_engine.rebuild(
            build_document(n, f"@s{n}/twin", description="Equal.", downloads=10**n)
            for n in (2, 5, 1, 4)
        )
        assert empty_engine.search(SearchQuery("twin")).ids == (5, 4, 2, 1)

    @pytest.mark.parametrize(
        ("sort", "names"),
        [
            ("downloads", ["mail-notes", "@ar/slack-bridge", "postgres-storage"]),
            ("rating", ["postgres-storage", "@ar/slack-bridge"]),
            ("recent", ["mail-notes", "slacken", "kubernetes-deploy"]),
            ("name", ["@ar/discord-bridge", "@ar/slack-bridge", "@grace/slack-archive"]),
        ],
    )
    def test_sorts(self, catalog: SearchEngine, sort: str, names: list[str]) -> None:
        ids = catalog.search(SearchQuery(sort=sort)).ids
        assert list(ids[: len(names)]) == [IDS[name] for name in names]

    @pytest.mark.parametrize("text", ["", "rated"])
    def test_many_good_ratings_come_before_one_best(
        self, get_shared_engine: GetSharedEngine, text: str
    ) -> None:
        """A plugin without ratings has the prior grade, and comes before badly rated plugins."""
        rated = [(5.0, 1), (4.6, 5000), (0.0, 0), (1.0, 1), (1.2, 5000), (4.9, 20), (0.0, 0)]
        engine = get_shared_engine(
            [
                build_document(n, f"rated-{n}", rating=rating, votes=votes)
                for n, (rating, votes) in enumerate(rated, 1)
            ]
        )
        page = engine.search(SearchQuery(text, sort="rating"))
        assert page.ids == (2, 6, 1, 3, 7, 4, 5)

    def test_sorts_what_was_found(self, catalog: SearchEngine) -> None:
        ids = catalog.search(SearchQuery("slack", sort="downloads")).ids
        assert ids[:2] == (IDS["mail-notes"], IDS["@ar/slack-bridge"])

    def test_without_words_the_most_downloaded_come_first(self, catalog: SearchEngine) -> None:
        page = catalog.search(SearchQuery(limit=2))
        assert page.ids == (IDS["mail-notes"], IDS["@ar/slack-bridge"])
        assert page.total == len(CATALOG)

    @pytest.mark.parametrize("text", ["", "twin"])
    @pytest.mark.parametrize("sort", ["relevance", "downloads", "rating", "recent"])
    def test_the_older_of_equals_comes_first(
        self, get_shared_engine: GetSharedEngine, sort: str, text: str
    ) -> None:
        """In any order of indexing, and also after one was indexed again."""
        twins = [
            build_document(
                n, f"@s{n}/twin", updated=1_700_000_000_000, downloads=7, rating=4.0, votes=3
            )
            for n in range(1, 8)
        ]
        engine = get_shared_engine(
            [twins[n] for n in (4, 0, 6, 2)],
            [twins[n] for n in (5, 3)],
            [twins[1], twins[0]],
        )
        # Equally relevant plugins have a defined order only within a page.
        limit = 7 if text and sort == "relevance" else 2
        query = SearchQuery(text, sort=sort, limit=limit)
        pages = [engine.search(dataclasses.replace(query, page=n)) for n in (1, 2, 3, 4)]
        assert [number for page in pages for number in page.ids] == [1, 2, 3, 4, 5, 6, 7]

    def test_pages_cover_everything_once(self, catalog: SearchEngine) -> None:
        pages = [catalog.search(SearchQuery(page=n, limit=3)) for n in (1, 2, 3, 4)]
        ids = [number for page in pages for number in page.ids]
        assert sorted(ids) == sorted(IDS.values())
        assert {page.total for page in pages} == {len(CATALOG)}

    @pytest.mark.parametrize("text", ["", "tool"])
    def test_pages_by_name_are_in_order(
        self, get_shared_engine: GetSharedEngine, text: str
    ) -> None:
        """Most names have the same first letters, more than a numeric sort key can hold."""
        short = [f"{mark}{n % 7}-tool-{n}" for n in range(20) for mark in ("a", "b-", "b.", "0")]
        names = [f"@{'harbour-lab' * (n % 3)}s/{name}" for n, name in enumerate(short)] + short
        kinds = ("bridge", "service")
        engine = get_shared_engine(
            [build_document(n, name, kind=kinds[n % 2]) for n, name in enumerate(names, 1)]
        )
        query = SearchQuery(text, filters={"type": "bridge"}, sort="name", limit=7)
        pages = [engine.search(dataclasses.replace(query, page=n)) for n in range(1, 14)]
        assert {page.total for page in pages} == {len(names) / 2}
        listed = [names[number - 1] for page in pages for number in page.ids]
        assert listed == sorted(names[1::2])

    def test_a_page_far_behind_is_empty(self, catalog: SearchEngine) -> None:
        page = catalog.search(SearchQuery("slack", page=10_000, limit=100))
        assert page.ids == ()

    def test_limit_zero_counts_only(self, catalog: SearchEngine) -> None:
        page = catalog.search(SearchQuery(limit=0))
        assert (page.ids, page.total) == ((), len(CATALOG))
        assert page.facets["type"]["bridge"] == 2

    # ---- filters and facets ----------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("filters", "names"),
        [
            ({"type": "bridge"}, {"@ar/slack-bridge", "@ar/discord-bridge"}),
            ({"category": "data"}, {"postgres-storage"}),
            ({"tag": "slack"}, {"@ar/slack-bridge", "@grace/slack-archive"}),
            ({"tag": "slack", "type": "bridge"}, {"@ar/slack-bridge"}),
            ({"trust": "verified"}, {"postgres-storage"}),
            ({"license": "GPL-3.0-only"}, {"@grace/slack-archive"}),
            ({"dialect": "cortex"}, {"feature-flags"}),
            ({"author": "Grace Hopper"}, {"@grace/slack-archive"}),
            ({"registry": "elsewhere"}, set()),
            ({"tag": "Slack"}, set()),
            ({"license": 'MIT" OR "1"="1'}, set()),
            ({"license": "MIT\\"}, set()),
        ],
    )
    def test_filters(self, catalog: SearchEngine, filters: dict[str, str], names: set[str]) -> None:
        page = catalog.search(SearchQuery(filters=filters))
        assert set(page.ids) == {IDS[name] for name in names}
        assert page.total == len(names)

    def test_verified_or_not(self, catalog: SearchEngine) -> None:
        good = catalog.search(SearchQuery(is_verified=True))
        other = catalog.search(SearchQuery(is_verified=False))
        assert set(good.ids) == {1, 2, 3}
        assert set(good.ids) | set(other.ids) == set(IDS.values())

    def test_facets_count_what_was_found(self, catalog: SearchEngine) -> None:
        facets = catalog.search(SearchQuery("slack", limit=1)).facets
        assert tuple(facets) == FACETS
        assert facets["type"] == {"service": 3, "bridge": 1}
        assert facets["trust"] == {"community": 2, "experimental": 1, "official": 1}
        assert facets["tag"] == {"slack": 2, "chat": 1, "realtime": 1}
        assert facets["category"] == {"communication": 1}
        assert facets["registry"] == {"plugport": 4}

    def test_facets_follow_the_filters(self, catalog: SearchEngine) -> None:
        facets = catalog.search(SearchQuery(filters={"type": "bridge"})).facets
        assert facets["type"] == {"bridge": 2}
        assert facets["tag"] == {"chat": 2, "discord": 1, "realtime": 1, "slack": 1}

    def test_open_facets_show_what_else_could_be_chosen(self, catalog: SearchEngine) -> None:
        query = SearchQuery(filters={"type": "bridge", "tag": "chat"}, has_open_facets=True)
        page = catalog.search(query)
        assert page.total == 2
        assert page.facets["type"] == {"bridge": 2}
        assert page.facets["tag"] == {"chat": 2, "discord": 1, "realtime": 1, "slack": 1}
        assert page.facets["trust"] == {"official": 2}

    def test_frequent_values_come_first(self, catalog: SearchEngine) -> None:
        assert list(catalog.search(SearchQuery()).facets["tag"])[:2] == ["chat", "slack"]

    def test_only_requested_facets_are_counted(self, catalog: SearchEngine) -> None:
        assert catalog.search(SearchQuery(facets=())).facets == {}
        assert set(catalog.search(SearchQuery(facets=("tag",))).facets) == {"tag"}

    # ---- hidden plugins --------------------------------------------------------------------------

    def test_hidden_plugins_are_neither_found_nor_counted(self, catalog: SearchEngine) -> None:
        hidden = frozenset({IDS["@ar/slack-bridge"]})
        page = catalog.search(SearchQuery("slack", hidden=hidden))
        assert IDS["@ar/slack-bridge"] not in page.ids
        assert page.total == 3
        assert "realtime" not in page.facets["tag"]
        assert "official" not in page.facets["trust"]

    # ---- writing ---------------------------------------------------------------------------------

    def test_indexing_puts_in_and_replaces(self, engine: SearchEngine) -> None:
        engine.index([build_document(9, "newcomer"), build_document(4, "feature-toggles")])
        assert engine.search(SearchQuery("newcomer")).ids == (9,)
        assert engine.search(SearchQuery("toggles")).ids == (4,)
        assert engine.search(SearchQuery("flags")).ids == ()
        assert engine.count() == len(CATALOG) + 1

    def test_indexing_twice_changes_nothing(self, engine: SearchEngine) -> None:
        for _ in range(2):
            engine.index(CATALOG)
        assert engine.count() == len(CATALOG)

    def test_removing_takes_out_of_everything(self, engine: SearchEngine) -> None:
        engine.remove([IDS["@ar/slack-bridge"], 4711])
        engine.remove([])
        assert IDS["@ar/slack-bridge"] not in engine.search(SearchQuery("slack")).ids
        assert "realtime" not in engine.search(SearchQuery()).facets["tag"]
        assert engine.count() == len(CATALOG) - 1

    def test_rebuilding_replaces_everything(self, engine: SearchEngine) -> None:
        assert engine.rebuild([build_document(9, "newcomer")]) == 1
        assert engine.search(SearchQuery("slack")).ids == ()
        assert engine.search(SearchQuery("newcomer")).ids == (9,)

    def test_an_emptied_registry_finds_nothing(self, engine: SearchEngine) -> None:
        assert engine.rebuild([]) == 0
        page = engine.search(SearchQuery())
        assert (page.ids, page.total) == ((), 0)
        engine.index([build_document(9, "newcomer")])
        assert engine.search(SearchQuery("newcomer")).ids == (9,)

    def test_rebuilding_is_not_seen_until_it_is_done(self, engine: SearchEngine) -> None:
        """The old index answers while documents are read, and after a failure half-way."""

        def read() -> Iterator[SearchDocument]:
            yield build_document(9, "newcomer")
            assert engine.search(SearchQuery("discord")).total == 1
            raise Interruption

        with pytest.raises(Interruption):
            engine.rebuild(read())
        assert engine.search(SearchQuery("discord")).total == 1
        assert engine.search(SearchQuery("newcomer")).total == 0

    def test_searches_go_on_while_it_is_rebuilt(self, engine: SearchEngine) -> None:
        errors: list[object] = []
        done = threading.Event()

        def keep_searching() -> None:
            while not done.is_set():
                try:
                    if engine.search(SearchQuery("discord")).total != 1:
                        errors.append("lost")
                except Exception as error:  # noqa: BLE001 -- reported by the assertion below
                    errors.append(error)

        reader = threading.Thread(target=keep_searching)
        reader.start()
        for _ in range(3):
            engine.rebuild(CATALOG)
            engine.index(CATALOG[:2])
        done.set()
        reader.join()
        assert errors == []

    def test_stamps_list_the_contents(self, engine: SearchEngine) -> None:
        engine.index([dataclasses.replace(CATALOG[0], updated=5)])
        stamps = {document.id: document.updated for document in CATALOG} | {1: 5}
        assert engine.list_stamps(0, 4999) == engine.list_stamps(1, None) == stamps
        assert engine.list_stamps(2, 3) == {number: stamps[number] for number in (2, 3)}
        assert engine.list_stamps(max(stamps) + 1, None) == {}

    def test_setup_makes_and_keeps(self, empty_engine: SearchEngine) -> None:
        empty_engine.setup()
        empty_engine.ping()
        empty_engine.index(CATALOG)
        empty_engine.setup()
        assert empty_engine.count() == len(CATALOG)


class SuggestionContract(Fixtures):
    """Suggestions of plugins and of values of facets."""

    @pytest.mark.parametrize("letter", ["b", "s", "f", "4"])
    def test_one_letter_finds_what_is_suggested(self, catalog: SearchEngine, letter: str) -> None:
        """While a user types, no page without results appears between two with results."""
        suggested = set(catalog.suggest(letter, 10, frozenset()))
        assert suggested <= set(catalog.search(SearchQuery(letter)).ids)

    @pytest.mark.parametrize(
        ("prefix", "names"),
        [
            ("sl", {"@ar/slack-bridge", "@grace/slack-archive", "slacken"}),
            ("slack-b", {"@ar/slack-bridge"}),
            ("bri", {"@ar/slack-bridge", "@ar/discord-bridge"}),
            ("Feature F", {"feature-flags"}),
            ("conversations", set()),
            ("", set()),
            ("@", set()),
        ],
    )
    def test_suggests(self, catalog: SearchEngine, prefix: str, names: set[str]) -> None:
        ids = catalog.suggest(prefix, 10, frozenset())
        assert set(ids) == {IDS[name] for name in names}

    @pytest.mark.parametrize(
        ("prefix", "names"),
        [
            ("slakc", {"@ar/slack-bridge", "@grace/slack-archive", "slacken"}),
            ("slakc-b", {"@ar/slack-bridge"}),
            ("dicsord", {"@ar/discord-bridge"}),
            ("featrue fl", {"feature-flags"}),
            ("kubernets", {"kubernetes-deploy"}),
            ("kuberentes-depl", {"kubernetes-deploy"}),
            ("quaternions", set()),
        ],
    )
    def test_suggestions_tolerate_typing_errors(
        self, catalog: SearchEngine, prefix: str, names: set[str]
    ) -> None:
        ids = catalog.suggest(prefix, 10, frozenset())
        assert set(ids) == {IDS[name] for name in names}

    def test_exact_prefixes_are_suggested_before_corrected_ones(self, engine: SearchEngine) -> None:
        engine.index([build_document(9, "slakc")])
        assert engine.suggest("slakc", 10, frozenset())[0] == 9

    def test_mistyped_suggestions_show_nothing_hidden(self, catalog: SearchEngine) -> None:
        hidden = frozenset({IDS["@ar/discord-bridge"]})
        assert catalog.suggest("dicsord", 10, hidden) == []

    def test_suggestions_respect_the_limit(self, catalog: SearchEngine) -> None:
        assert catalog.suggest("sl", 1, frozenset()) == [IDS["@ar/slack-bridge"]]

    def test_a_run_in_a_name_is_suggested(self, runs: SearchEngine) -> None:
        assert runs.suggest("検", 10, frozenset()) == [2]
        assert runs.suggest("検索ツ", 10, frozenset()) == [2]
        assert runs.suggest("文章", 10, frozenset()) == []

    def test_facet_values_are_searched(self, catalog: SearchEngine) -> None:
        assert catalog.facet_search("tag", "s", SearchQuery()) == [("slack", 2), ("sql", 1)]
        assert catalog.facet_search("tag", "S", SearchQuery("discord")) == []
        assert catalog.facet_search("license", "gpl", SearchQuery()) == [("GPL-3.0-only", 1)]
        assert catalog.facet_search("type", "", SearchQuery("slack"))[0] == ("service", 3)
        chosen = SearchQuery(filters={"tag": "chat"})
        assert catalog.facet_search("tag", "slack", chosen) == [("slack", 2)]

    def test_hidden_plugins_are_not_suggested(self, catalog: SearchEngine) -> None:
        hidden = frozenset({IDS["@ar/slack-bridge"]})
        assert IDS["@ar/slack-bridge"] not in catalog.suggest("slack", 10, hidden)
        assert catalog.facet_search("tag", "real", SearchQuery(hidden=hidden)) == []

    def test_removed_plugins_are_not_suggested(self, engine: SearchEngine) -> None:
        engine.remove([IDS["@ar/slack-bridge"]])
        assert engine.suggest("slack-b", 10, frozenset()) == []
