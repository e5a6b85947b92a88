"""What every search engine must do. Each engine's test module subclasses `SearchEngineContract`."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import pytest

from marketplace.search.document import SearchDocument
from marketplace.search.engines.base import SearchEngine
from marketplace.search.query import FACETS, SearchQuery
from tests.contract.search_documents import CATALOGUE, IDS, RUNS, make_document


class Interruption(Exception):  # noqa: N818 -- no error, a way out
    """Whoever reads the documents stops."""


class SearchEngineContract:
    """Subclasses give `empty_engine`: an engine without an index."""

    @pytest.fixture
    def engine(self, empty_engine: SearchEngine) -> SearchEngine:
        """An engine with the catalogue above in it."""
        empty_engine.rebuild(CATALOGUE)
        return empty_engine

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
        self, engine: SearchEngine, text: str, first: str
    ) -> None:
        assert engine.search(SearchQuery(text)).ids[0] == IDS[first]

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
    def test_finds_while_typing(self, engine: SearchEngine, text: str, first: str) -> None:
        assert engine.search(SearchQuery(text)).ids[0] == IDS[first]

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
        self, engine: SearchEngine, text: str, name: str
    ) -> None:
        page = engine.search(SearchQuery(text))
        assert IDS[name] in page.ids
        assert not page.is_partial
        assert page.facets["type"]

    @pytest.mark.parametrize("letter", ["b", "s", "f", "4"])
    def test_one_letter_finds_what_is_suggested(self, engine: SearchEngine, letter: str) -> None:
        """Whoever types sees no page without results between two with some."""
        suggested = set(engine.suggest(letter, 10, frozenset()))
        assert suggested <= set(engine.search(SearchQuery(letter)).ids)

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
    def test_forgives_typing_errors(self, engine: SearchEngine, text: str, first: str) -> None:
        assert engine.search(SearchQuery(text)).ids[0] == IDS[first]

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
        self, engine: SearchEngine, text: str, first: str
    ) -> None:
        assert engine.search(SearchQuery(text)).ids[0] == IDS[first]

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
        self, empty_engine: SearchEngine, text: str, ids: set[int]
    ) -> None:
        """Wherever they stand in a sentence, in scripts that put no blanks between words."""
        empty_engine.rebuild(RUNS)
        page = empty_engine.search(SearchQuery(text))
        assert set(page.ids) == ids
        assert not page.is_partial

    @pytest.mark.parametrize("text", ["章文", "東京", "東", "京都府"])
    def test_other_letters_are_other_words(self, empty_engine: SearchEngine, text: str) -> None:
        empty_engine.rebuild(RUNS)
        assert empty_engine.search(SearchQuery(text)).ids == ()

    def test_a_pair_of_letters_is_no_word(self, empty_engine: SearchEngine) -> None:
        """Any long run shares one with any other."""
        empty_engine.rebuild(RUNS)
        assert empty_engine.search(SearchQuery("地図のメール")).ids == ()
        page = empty_engine.search(SearchQuery("writer 地図のメール"))
        assert (page.ids, page.is_partial) == ((1,), True)

    def test_a_run_in_a_name_comes_first(self, empty_engine: SearchEngine) -> None:
        empty_engine.rebuild(RUNS)
        for text in ("検索", "検索ツール"):
            assert empty_engine.search(SearchQuery(text)).ids[0] == 2
        assert empty_engine.suggest("検", 10, frozenset()) == [2]
        assert empty_engine.suggest("検索ツ", 10, frozenset()) == [2]
        assert empty_engine.suggest("文章", 10, frozenset()) == []

    def test_a_plural_finds_every_one(self, engine: SearchEngine) -> None:
        bridges = {IDS["@ar/slack-bridge"], IDS["@ar/discord-bridge"]}
        assert set(engine.search(SearchQuery("bridges")).ids) == bridges

    def test_all_words_must_be_there(self, engine: SearchEngine) -> None:
        page = engine.search(SearchQuery("slack conversations"))
        assert page.ids == (IDS["@grace/slack-archive"],)
        assert not page.is_partial

    def test_most_words_are_better_than_nothing(self, engine: SearchEngine) -> None:
        page = engine.search(SearchQuery("discord quaternions"))
        assert page.is_partial
        assert page.ids[0] == IDS["@ar/discord-bridge"]

    @pytest.mark.parametrize("text", ["name:slack", "name slack", "slack name"])
    def test_a_word_as_it_is_comes_before_errors_in_each(
        self, engine: SearchEngine, text: str
    ) -> None:
        """`nave` and `stack` are both words, if each is taken for a typing error."""
        engine.index([make_document(9, "builder", description="Puts a nave on a stack.")])
        engine.index([make_document(10, "register", description="Gives everything a name.")])
        page = engine.search(SearchQuery(text))
        assert page.ids[0] == IDS["@ar/slack-bridge"]
        assert page.is_partial
        assert engine.search(SearchQuery("nvae stakc")).ids == (9,)

    @pytest.mark.parametrize("text", ["slakc bridge", "slack brigde", "brigde slack"])
    def test_errors_in_all_words_but_one_are_forgiven(
        self, engine: SearchEngine, text: str
    ) -> None:
        engine.index([make_document(9, "slick-bride", description="Black and brine.")])
        page = engine.search(SearchQuery(text))
        assert page.ids[0] == IDS["@ar/slack-bridge"]
        assert not page.is_partial

    @pytest.mark.parametrize("text", ["quaternions", "_", "…", "@", "🦆"])
    def test_what_is_not_there_is_not_found(self, engine: SearchEngine, text: str) -> None:
        page = engine.search(SearchQuery(text))
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
    def test_no_text_is_an_order_or_an_error(self, engine: SearchEngine, text: str) -> None:
        assert engine.search(SearchQuery(text)).total <= len(CATALOGUE)

    # ---- order -----------------------------------------------------------------------------------

    def test_names_come_before_texts_whatever_is_popular(self, engine: SearchEngine) -> None:
        ids = engine.search(SearchQuery("slack")).ids
        assert ids[:2] == (IDS["@ar/slack-bridge"], IDS["@grace/slack-archive"])
        assert IDS["mail-notes"] in ids[2:]

    def test_trust_decides_among_equals(self, empty_engine: SearchEngine) -> None:
        levels = ["untrusted", "community", "official", "experimental", "verified"]
        empty_engine.rebuild(
            make_document(n, f"@s{n}/twin", description="Equal.", trust=level)
            for n, level in enumerate(levels, 1)
        )
        assert empty_engine.search(SearchQuery("twin")).ids == (3, 5, 2, 4, 1)

    def test_downloads_decide_among_the_equally_trusted(self, empty_engine: SearchEngine) -> None:
        empty_engine.rebuild(
            make_document(n, f"@s{n}/twin", description="Equal.", downloads=10**n)
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
    def test_sorts(self, engine: SearchEngine, sort: str, names: list[str]) -> None:
        ids = engine.search(SearchQuery(sort=sort)).ids
        assert list(ids[: len(names)]) == [IDS[name] for name in names]

    @pytest.mark.parametrize("text", ["", "rated"])
    def test_many_good_ratings_come_before_one_best(
        self, empty_engine: SearchEngine, text: str
    ) -> None:
        """Nobody's rating is the usual one: what is known to be bad comes after it."""
        rated = [(5.0, 1), (4.6, 5000), (0.0, 0), (1.0, 1), (1.2, 5000), (4.9, 20), (0.0, 0)]
        empty_engine.rebuild(
            make_document(n, f"rated-{n}", rating=rating, votes=votes)
            for n, (rating, votes) in enumerate(rated, 1)
        )
        page = empty_engine.search(SearchQuery(text, sort="rating"))
        assert page.ids == (2, 6, 1, 3, 7, 4, 5)

    def test_sorts_what_was_found(self, engine: SearchEngine) -> None:
        ids = engine.search(SearchQuery("slack", sort="downloads")).ids
        assert ids[:2] == (IDS["mail-notes"], IDS["@ar/slack-bridge"])

    def test_without_words_the_most_downloaded_come_first(self, engine: SearchEngine) -> None:
        page = engine.search(SearchQuery(limit=2))
        assert page.ids == (IDS["mail-notes"], IDS["@ar/slack-bridge"])
        assert page.total == len(CATALOGUE)

    @pytest.mark.parametrize("text", ["", "twin"])
    @pytest.mark.parametrize("sort", ["relevance", "downloads", "rating", "recent"])
    def test_the_older_of_equals_comes_first(
        self, empty_engine: SearchEngine, sort: str, text: str
    ) -> None:
        """In whatever order they were indexed, and also after one was indexed again."""
        twins = [
            make_document(
                n, f"@s{n}/twin", updated=1_700_000_000_000, downloads=7, rating=4.0, votes=3
            )
            for n in range(1, 8)
        ]
        empty_engine.rebuild([twins[n] for n in (4, 0, 6, 2)])
        empty_engine.index([twins[n] for n in (5, 3)])
        empty_engine.index([twins[1], twins[0]])
        # Among what is equally relevant only the order within a page is promised.
        limit = 7 if text and sort == "relevance" else 2
        query = SearchQuery(text, sort=sort, limit=limit)
        pages = [empty_engine.search(dataclasses.replace(query, page=n)) for n in (1, 2, 3, 4)]
        assert [number for page in pages for number in page.ids] == [1, 2, 3, 4, 5, 6, 7]

    def test_pages_cover_everything_once(self, engine: SearchEngine) -> None:
        pages = [engine.search(SearchQuery(page=n, limit=3)) for n in (1, 2, 3, 4)]
        ids = [number for page in pages for number in page.ids]
        assert sorted(ids) == sorted(IDS.values())
        assert {page.total for page in pages} == {len(CATALOGUE)}

    @pytest.mark.parametrize("text", ["", "tool"])
    def test_pages_by_name_are_in_order(self, empty_engine: SearchEngine, text: str) -> None:
        """Most begin alike for longer than any number could tell them apart."""
        short = [f"{mark}{n % 7}-tool-{n}" for n in range(20) for mark in ("a", "b-", "b.", "0")]
        names = [f"@{'harbour-lab' * (n % 3)}s/{name}" for n, name in enumerate(short)] + short
        kinds = ("bridge", "service")
        empty_engine.rebuild(
            make_document(n, name, kind=kinds[n % 2]) for n, name in enumerate(names, 1)
        )
        query = SearchQuery(text, filters={"type": "bridge"}, sort="name", limit=7)
        asked = [empty_engine.search(dataclasses.replace(query, page=n)) for n in range(1, 14)]
        assert {page.total for page in asked} == {len(names) / 2}
        found = [names[number - 1] for page in asked for number in page.ids]
        assert found == sorted(names[1::2])

    def test_a_page_far_behind_is_empty(self, engine: SearchEngine) -> None:
        page = engine.search(SearchQuery("slack", page=10_000, limit=100))
        assert page.ids == ()

    def test_limit_zero_counts_only(self, engine: SearchEngine) -> None:
        page = engine.search(SearchQuery(limit=0))
        assert (page.ids, page.total) == ((), len(CATALOGUE))
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
    def test_filters(self, engine: SearchEngine, filters: dict[str, str], names: set[str]) -> None:
        page = engine.search(SearchQuery(filters=filters))
        assert set(page.ids) == {IDS[name] for name in names}
        assert page.total == len(names)

    def test_verified_or_not(self, engine: SearchEngine) -> None:
        good = engine.search(SearchQuery(is_verified=True))
        other = engine.search(SearchQuery(is_verified=False))
        assert set(good.ids) == {1, 2, 3}
        assert set(good.ids) | set(other.ids) == set(IDS.values())

    def test_facets_count_what_was_found(self, engine: SearchEngine) -> None:
        facets = engine.search(SearchQuery("slack", limit=1)).facets
        assert tuple(facets) == FACETS
        assert facets["type"] == {"service": 3, "bridge": 1}
        assert facets["trust"] == {"community": 2, "experimental": 1, "official": 1}
        assert facets["tag"] == {"slack": 2, "chat": 1, "realtime": 1}
        assert facets["category"] == {"communication": 1}
        assert facets["registry"] == {"plugport": 4}

    def test_facets_follow_the_filters(self, engine: SearchEngine) -> None:
        facets = engine.search(SearchQuery(filters={"type": "bridge"})).facets
        assert facets["type"] == {"bridge": 2}
        assert facets["tag"] == {"chat": 2, "discord": 1, "realtime": 1, "slack": 1}

    def test_open_facets_show_what_else_could_be_chosen(self, engine: SearchEngine) -> None:
        query = SearchQuery(filters={"type": "bridge", "tag": "chat"}, has_open_facets=True)
        page = engine.search(query)
        assert page.total == 2
        assert page.facets["type"] == {"bridge": 2}
        assert page.facets["tag"] == {"chat": 2, "discord": 1, "realtime": 1, "slack": 1}
        assert page.facets["trust"] == {"official": 2}

    def test_frequent_values_come_first(self, engine: SearchEngine) -> None:
        assert list(engine.search(SearchQuery()).facets["tag"])[:2] == ["chat", "slack"]

    def test_only_facets_that_are_asked_for(self, engine: SearchEngine) -> None:
        assert engine.search(SearchQuery(facets=())).facets == {}
        assert set(engine.search(SearchQuery(facets=("tag",))).facets) == {"tag"}

    def test_facet_values_are_searched(self, engine: SearchEngine) -> None:
        assert engine.facet_search("tag", "s", SearchQuery()) == [("slack", 2), ("sql", 1)]
        assert engine.facet_search("tag", "S", SearchQuery("discord")) == []
        assert engine.facet_search("license", "gpl", SearchQuery()) == [("GPL-3.0-only", 1)]
        assert engine.facet_search("type", "", SearchQuery("slack"))[0] == ("service", 3)
        chosen = SearchQuery(filters={"tag": "chat"})
        assert engine.facet_search("tag", "slack", chosen) == [("slack", 2)]

    # ---- suggestions -----------------------------------------------------------------------------

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
    def test_suggests(self, engine: SearchEngine, prefix: str, names: set[str]) -> None:
        found = engine.suggest(prefix, 10, frozenset())
        assert set(found) == {IDS[name] for name in names}

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
    def test_suggests_what_was_mistyped(
        self, engine: SearchEngine, prefix: str, names: set[str]
    ) -> None:
        found = engine.suggest(prefix, 10, frozenset())
        assert set(found) == {IDS[name] for name in names}

    def test_what_begins_so_is_suggested_before_what_is_mistyped(
        self, engine: SearchEngine
    ) -> None:
        engine.index([make_document(9, "slakc")])
        assert engine.suggest("slakc", 10, frozenset())[0] == 9

    def test_mistyped_suggestions_show_nothing_hidden(self, engine: SearchEngine) -> None:
        hidden = frozenset({IDS["@ar/discord-bridge"]})
        assert engine.suggest("dicsord", 10, hidden) == []

    def test_suggests_no_more_than_asked(self, engine: SearchEngine) -> None:
        assert engine.suggest("sl", 1, frozenset()) == [IDS["@ar/slack-bridge"]]

    # ---- what must not show ----------------------------------------------------------------------

    def test_hidden_plugins_leave_no_trace(self, engine: SearchEngine) -> None:
        hidden = frozenset({IDS["@ar/slack-bridge"]})
        page = engine.search(SearchQuery("slack", hidden=hidden))
        assert IDS["@ar/slack-bridge"] not in page.ids
        assert page.total == 3
        assert "realtime" not in page.facets["tag"]
        assert "official" not in page.facets["trust"]
        assert IDS["@ar/slack-bridge"] not in engine.suggest("slack", 10, hidden)
        assert engine.facet_search("tag", "real", SearchQuery(hidden=hidden)) == []

    # ---- writing ---------------------------------------------------------------------------------

    def test_indexing_puts_in_and_replaces(self, engine: SearchEngine) -> None:
        engine.index([make_document(9, "newcomer"), make_document(4, "feature-toggles")])
        assert engine.search(SearchQuery("newcomer")).ids == (9,)
        assert engine.search(SearchQuery("toggles")).ids == (4,)
        assert engine.search(SearchQuery("flags")).ids == ()
        assert engine.count() == len(CATALOGUE) + 1

    def test_indexing_twice_changes_nothing(self, engine: SearchEngine) -> None:
        for _ in range(2):
            engine.index(CATALOGUE)
        assert engine.count() == len(CATALOGUE)

    def test_removing_takes_out_of_everything(self, engine: SearchEngine) -> None:
        engine.remove([IDS["@ar/slack-bridge"], 4711])
        engine.remove([])
        assert IDS["@ar/slack-bridge"] not in engine.search(SearchQuery("slack")).ids
        assert "realtime" not in engine.search(SearchQuery()).facets["tag"]
        assert engine.suggest("slack-b", 10, frozenset()) == []
        assert engine.count() == len(CATALOGUE) - 1

    def test_rebuilding_replaces_everything(self, engine: SearchEngine) -> None:
        assert engine.rebuild([make_document(9, "newcomer")]) == 1
        assert engine.search(SearchQuery("slack")).ids == ()
        assert engine.search(SearchQuery("newcomer")).ids == (9,)

    def test_an_emptied_registry_finds_nothing(self, engine: SearchEngine) -> None:
        assert engine.rebuild([]) == 0
        page = engine.search(SearchQuery())
        assert (page.ids, page.total) == ((), 0)
        engine.index([make_document(9, "newcomer")])
        assert engine.search(SearchQuery("newcomer")).ids == (9,)

    def test_rebuilding_is_not_seen_until_it_is_done(self, engine: SearchEngine) -> None:
        """While it reads documents, and when it fails half-way, the old index answers."""

        def read() -> Iterator[SearchDocument]:
            yield make_document(9, "newcomer")
            assert engine.search(SearchQuery("discord")).total == 1
            raise Interruption

        with pytest.raises(Interruption):
            engine.rebuild(read())
        assert engine.search(SearchQuery("discord")).total == 1
        assert engine.search(SearchQuery("newcomer")).total == 0

    def test_searches_go_on_while_it_is_rebuilt(self, engine: SearchEngine) -> None:
        faults: list[object] = []
        done = threading.Event()

        def keep_searching() -> None:
            while not done.is_set():
                try:
                    if engine.search(SearchQuery("discord")).total != 1:
                        faults.append("lost")
                except Exception as error:  # noqa: BLE001 -- whatever it is, the test must tell
                    faults.append(error)

        reader = threading.Thread(target=keep_searching)
        reader.start()
        for _ in range(3):
            engine.rebuild(CATALOGUE)
            engine.index(CATALOGUE[:2])
        done.set()
        reader.join()
        assert faults == []

    def test_stamps_tell_what_is_in_it(self, engine: SearchEngine) -> None:
        engine.index([dataclasses.replace(CATALOGUE[0], updated=5)])
        stamps = dict(engine.read_stamps())
        assert stamps == {document.id: document.updated for document in CATALOGUE} | {1: 5}

    def test_setup_makes_and_keeps(self, empty_engine: SearchEngine) -> None:
        empty_engine.setup()
        empty_engine.ping()
        empty_engine.index(CATALOGUE)
        empty_engine.setup()
        assert empty_engine.count() == len(CATALOGUE)
